package testserver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// startTimeout bounds the start of a server.
const startTimeout = 90 * time.Second

// process is a child that ends when this process ends, however it ends.
type process struct {
	cmd  *exec.Cmd
	log  string
	done chan struct{}
}

// starts are carried out by one thread that lives as long as the process: a child's parent-death signal
// comes when the thread that started it ends.
var starts = func() chan func() {
	queue := make(chan func())
	go func() {
		runtime.LockOSThread()
		for start := range queue {
			start()
		}
	}()
	return queue
}()

// launch starts a command in a process group of its own. With dropRoot, a server that root starts runs as nobody.
func launch(log string, dropRoot bool, name string, args ...string) (*process, error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	p := &process{cmd: exec.Command(name, args...), log: log, done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = out, out
	p.cmd.Dir = filepath.Dir(log)
	p.cmd.SysProcAttr = attributes(dropRoot)
	started := make(chan error, 1)
	starts <- func() { started <- p.cmd.Start() }
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", filepath.Base(name), err)
	}
	go func() {
		_ = p.cmd.Wait() // the exit status of a killed server says nothing
		close(p.done)
	}()
	return p, nil
}

const nobody = 65534

func attributes(dropRoot bool) *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if dropRoot && os.Getuid() == 0 {
		a.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
	}
	return a
}

// await polls ready until it succeeds, the process ends, or the time is over.
func (p *process) await(ctx context.Context, what string, ready func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	var last error
	for {
		attempt, done := context.WithTimeout(ctx, 3*time.Second)
		last = ready(attempt)
		done()
		if last == nil {
			return nil
		}
		select {
		case <-p.done:
			return fmt.Errorf("%s ended while it started; its log ends with:\n%s", what, tail(p.log))
		case <-ctx.Done():
			return fmt.Errorf("%s did not become ready: %w; its log ends with:\n%s", what, last, tail(p.log))
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func tail(name string) []byte {
	content, err := os.ReadFile(name)
	if err != nil {
		return []byte(err.Error())
	}
	return bytes.TrimSpace(content[max(0, len(content)-2000):])
}

// signal sends to the whole group and waits for the end.
func (p *process) signal(s syscall.Signal, group bool) error {
	pid := p.cmd.Process.Pid
	if group {
		pid = -pid
	}
	if err := syscall.Kill(pid, s); err != nil && !errors.Is(err, syscall.ESRCH) {
		return err
	}
	select {
	case <-p.done:
		return nil
	case <-time.After(30 * time.Second):
		_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) // the last resort
		<-p.done
		return nil
	}
}

// handedOut are the ports that this process has been given, which are in use soon.
var handedOut sync.Map

// FreePort finds a port that nobody listens on. It lies below those that the system gives to clients: otherwise
// a client could take it before its server does.
func FreePort() (int, error) {
	for range 1000 {
		port := 20_000 + rand.IntN(12_000)
		if _, taken := handedOut.LoadOrStore(port, true); taken {
			continue
		}
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			return port, l.Close()
		}
	}
	return 0, errors.New("find a free port between 20000 and 32000: all that were tried are in use")
}
