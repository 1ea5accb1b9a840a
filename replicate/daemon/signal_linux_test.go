package daemon_test

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// process is a replicator in a process of its own.
type process struct {
	cmd    *exec.Cmd
	stderr *output
}

func spawn(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(os.Args[0], args...), stderr: newOutput()}
	p.cmd.Env = append(os.Environ(), "REPLIQATE_TEST_REPLICATOR=1")
	p.cmd.Stderr = p.stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.cmd.Process.Kill() }) // it may have ended
	return p
}

func (p *process) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

func (p *process) end(t *testing.T, want int) {
	t.Helper()
	limit := time.AfterFunc(30*time.Second, func() { _ = p.cmd.Process.Kill() })
	defer limit.Stop()
	_ = p.cmd.Wait() // the exit status says it
	if got := p.cmd.ProcessState.ExitCode(); got != want {
		t.Fatalf("exit status %d, want %d\n%s", got, want, p.stderr)
	}
}

// The first signal flushes, commits and exits with 0.
func TestFirstSignal(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		j := newJob(t, 1, 2, 3)
		p := spawn(t, "--config", j.config(t, j.atRedis(), "", ""), "-vvv")
		p.stderr.wait(t, `"msg":"published"`)
		p.signal(t, s)
		p.end(t, 0)
		if got, err := j.redis.Get(redisKey); err != nil || got != "3" {
			t.Errorf("%v: the offset is %q, want 3: %v", s, got, err)
		}
		if keys := j.redis.Keys(); len(keys) != 2 {
			t.Errorf("%v: the lease was not given back: %q", s, keys)
		}
	}
}

// A second signal does not wait for anything.
func TestSecondSignal(t *testing.T) {
	for s, status := range map[syscall.Signal]int{syscall.SIGTERM: 143, syscall.SIGINT: 130} {
		j := newJob(t, 1)
		p := spawn(t, "--config", j.config(t, j.atRedis(), "", ""), "-vvv")
		p.stderr.wait(t, `"msg":"committed"`)
		j.redis.SetError("LOADING")
		j.insert(t, 2)
		p.stderr.wait(t, "the offset can't be stored")
		p.signal(t, syscall.SIGTERM)
		p.stderr.wait(t, `"state":"stopping"`)
		p.signal(t, s)
		p.end(t, status)
	}
}

// A stop that can't commit ends within its bound, and says so.
func TestStopIsBounded(t *testing.T) {
	j := newJob(t, 1)
	r := start(t, "--config", j.config(t, j.atRedis()+"\n  drain_timeout_sec: 0.2", "", ""), "-vvv")
	r.stderr.wait(t, `"msg":"committed"`)
	j.redis.SetError("LOADING")
	j.insert(t, 2)
	r.stderr.wait(t, "the offset can't be stored")
	r.cancel()
	r.end(t, 1)
	lines := r.stderr.lines(t)
	if last := lines[len(lines)-1]; last.Level != "ERROR" || !strings.Contains(last.Msg, "before the stop's deadline") {
		t.Errorf("it ends with %q", last.Msg)
	}
}

// terminal opens a pseudo terminal. What is written to the second comes out of the first.
func terminal(t *testing.T) (*os.File, *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = master.Close() })
	var number, unlocked uint32
	for request, argument := range map[uintptr]*uint32{syscall.TIOCGPTN: &number, syscall.TIOCSPTLCK: &unlocked} {
		if _, _, e := syscall.Syscall(syscall.SYS_IOCTL, master.Fd(), request, uintptr(unsafe.Pointer(argument))); e != 0 {
			t.Fatal(e)
		}
	}
	peer, err := os.OpenFile(filepath.Join("/dev/pts", itoa(number)), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return master, peer
}

func itoa(n uint32) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return itoa(n/10) + string(rune('0'+n%10))
}

// A log is text on a terminal, JSON elsewhere, and what the configuration says in any case.
func TestLogFormat(t *testing.T) {
	for _, tt := range []struct {
		format   string
		terminal bool
		text     bool
	}{
		{"", false, false}, {"", true, true},
		{"auto", true, true}, {"auto", false, false},
		{"text", false, true}, {"text", true, true},
		{"json", true, false}, {"json", false, false},
	} {
		j := newJob(t, 1)
		root := j.atRedis()
		if tt.format != "" {
			root += "\n  log: {format: " + tt.format + "}"
		}
		cmd := exec.Command(os.Args[0], "--config", j.config(t, root, "", ""), "--once", "-vv")
		cmd.Env = append(os.Environ(), "REPLIQATE_TEST_REPLICATOR=1")
		out := newOutput()
		cmd.Stderr = out
		read := make(chan struct{})
		if tt.terminal {
			master, peer := terminal(t)
			cmd.Stderr = peer
			go func() {
				_, _ = io.Copy(out, master) // ends with an error when the last writer has left
				close(read)
			}()
			defer func() { _ = peer.Close() }()
			if err := cmd.Run(); err != nil {
				t.Fatal(err)
			}
			_ = peer.Close() // the error is that of the second close
			<-read
		} else if err := cmd.Run(); err != nil {
			t.Fatal(err)
		}
		said := out.String()
		isText := strings.HasPrefix(said, "time=") && strings.Contains(said, ` level=INFO msg="repliqate starts" job=shop `)
		isJSON := strings.HasPrefix(said, `{"time":"`) && strings.Contains(said, `,"msg":"repliqate starts","job":"shop",`)
		if isText != tt.text || isJSON == tt.text {
			t.Errorf("format %q on a terminal %v:\n%s", tt.format, tt.terminal, said)
		}
	}
}

// A file that may not be read is named. Root may read everything, so that right is given up for the moment.
func TestUnreadableFile(t *testing.T) {
	name := write(t, "repliqate: {}\n")
	if err := os.Chmod(name, 0); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		const nobody = 65534
		if err := syscall.Setfsuid(nobody); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = syscall.Setfsuid(0) }()
	}
	status, _, said := run(t, "--config", name)
	want := "read configuration: open " + name + ": permission denied; name the file with --config"
	if status != 2 || !strings.Contains(said, want) {
		t.Errorf("status %d, said %s, want %s", status, said, want)
	}
}
