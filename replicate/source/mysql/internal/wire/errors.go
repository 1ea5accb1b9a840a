package wire

import (
	"errors"
	"strconv"
)

// ServerError is an error that the server has answered with. The connection is good afterwards.
type ServerError struct {
	Code    uint16
	State   string // SQLSTATE
	Message string
}

func (e *ServerError) Error() string {
	return e.Message + " (error " + strconv.Itoa(int(e.Code)) + ", SQLSTATE " + e.State + ")"
}

// errProtocol is the reason where an answer is not what the protocol says.
func errProtocol(what string) error {
	return errors.New("the server's answer is not MySQL's protocol: " + what)
}

// parseError reads an error packet.
func parseError(p []byte) error {
	if len(p) < 3 {
		return errProtocol("a short error")
	}
	e := &ServerError{Code: uint16(p[1]) | uint16(p[2])<<8, State: "HY000"}
	p = p[3:]
	if len(p) >= 6 && p[0] == '#' {
		e.State, p = string(p[1:6]), p[6:]
	}
	e.Message = string(p)
	return e
}
