package wire

import (
	"context"
	"encoding/binary"
	"errors"
)

const (
	comQuit    = 1
	comQuery   = 3
	comPrepare = 22
	comExecute = 23
)

// Statement is a prepared statement. It ends with its connection.
type Statement struct {
	id     uint32
	params int
}

// SendQuery writes a query of one or more statements. Flush sends it; each statement has an answer of its own.
func (c *Conn) SendQuery(sql string) error {
	c.begin(comQuery)
	c.out = append(c.out, sql...)
	return c.end()
}

// SendExecute writes the execution of a prepared statement whose parameters are integers.
func (c *Conn) SendExecute(s *Statement, params ...Integer) error {
	if len(params) != s.params {
		return errors.New("the number of parameters is wrong")
	}
	c.begin(comExecute)
	c.out = binary.LittleEndian.AppendUint32(c.out, s.id)
	c.out = append(c.out, 0, 1, 0, 0, 0) // no cursor, once
	if len(params) > 0 {
		for range (len(params) + 7) / 8 {
			c.out = append(c.out, 0) // none is null
		}
		c.out = append(c.out, 1)
		for _, p := range params {
			var flag byte
			if p.Unsigned {
				flag = 0x80
			}
			c.out = append(c.out, TypeBigint, flag)
		}
		for _, p := range params {
			c.out = binary.LittleEndian.AppendUint64(c.out, p.Bits)
		}
	}
	return c.end()
}

// Integer is a parameter.
type Integer struct {
	Bits     uint64
	Unsigned bool
}

// Flush sends all commands that were written since the last one.
func (c *Conn) Flush() error { return c.flush() }

// Prepare prepares a statement, in a round trip of its own.
func (c *Conn) Prepare(ctx context.Context, sql string) (s *Statement, err error) {
	stop := c.Until(ctx)
	defer func() {
		if stopErr := stop(); stopErr != nil {
			s, err = nil, stopErr
		}
	}()
	c.begin(comPrepare)
	c.out = append(c.out, sql...)
	if err := errors.Join(c.end(), c.flush()); err != nil {
		return nil, err
	}
	c.sequence = 1
	p, err := c.read()
	if err != nil {
		return nil, err
	}
	if len(p) > 0 && p[0] == 0xff {
		return nil, parseError(p)
	}
	if len(p) < 9 || p[0] != 0 {
		return nil, errProtocol("an unknown answer to the preparation of a statement")
	}
	s = &Statement{id: binary.LittleEndian.Uint32(p[1:]), params: int(binary.LittleEndian.Uint16(p[7:]))}
	columns := int(binary.LittleEndian.Uint16(p[5:]))
	for _, n := range []int{s.params, columns} {
		if n == 0 {
			continue
		}
		for range n + 1 { // definitions, and the end of them
			if _, err := c.read(); err != nil {
				return nil, err
			}
		}
	}
	return s, nil
}

// Query runs statements and returns the rows of the last one that returns rows, as text; a null is empty.
func (c *Conn) Query(ctx context.Context, sql string) (rows [][]string, err error) {
	stop := c.Until(ctx)
	defer func() {
		if stopErr := stop(); stopErr != nil {
			rows, err = nil, stopErr
		}
	}()
	if err := errors.Join(c.SendQuery(sql), c.Flush()); err != nil {
		return nil, err
	}
	c.Await()
	for {
		r, err := c.Answer()
		if err != nil {
			return nil, err
		}
		hasRows := len(r.Columns) > 0
		found, err := r.Texts()
		if err != nil {
			return nil, err
		}
		if hasRows {
			rows = found
		}
		if !c.More() {
			return rows, nil
		}
	}
}
