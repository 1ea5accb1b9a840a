package postgres

import (
	"errors"
	"net"
	"os/user"
	"strconv"
	"syscall"
	"time"
)

// tcpUserTimeout is TCP_USER_TIMEOUT, which package syscall does not name.
const tcpUserTimeout = 0x12

func setUserTimeout(socket uintptr, limit time.Duration) error {
	return syscall.SetsockoptInt(int(socket), syscall.IPPROTO_TCP, tcpUserTimeout, int(limit.Milliseconds()))
}

// peerName is the user that the other end of a Unix socket runs as.
func peerName(conn *net.UnixConn) (string, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return "", err
	}
	var peer *syscall.Ucred
	failed := raw.Control(func(socket uintptr) {
		peer, err = syscall.GetsockoptUcred(int(socket), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	})
	if err = errors.Join(failed, err); err != nil {
		return "", err
	}
	found, err := user.LookupId(strconv.FormatUint(uint64(peer.Uid), 10))
	if err != nil {
		return "", err
	}
	return found.Username, nil
}
