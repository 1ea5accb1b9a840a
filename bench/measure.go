package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// figures are what one run of one process has cost.
type figures struct {
	wall, cpu time.Duration // cpu is user and system time as the kernel counted it
	peak      int64         // resident memory in bytes
}

func (f figures) rowsPerSecond(rows int) float64 { return float64(rows) / f.wall.Seconds() }

// cpuPerMillion is CPU-seconds per million rows.
func (f figures) cpuPerMillion(rows int) float64 { return f.cpu.Seconds() * 1e6 / float64(rows) }

func (f figures) text(rows int) string {
	return fmt.Sprintf("%.0f rows/s, %.2f CPU-s per million rows, %d MB",
		f.rowsPerSecond(rows), f.cpuPerMillion(rows), f.peak>>20)
}

// measure runs cmd to its end. Wall time is that of the whole process, its start and connections included.
func measure(cmd *exec.Cmd) (figures, error) {
	var log bytes.Buffer
	cmd.Stderr = &log // standard output is the null device
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return figures{}, err
	}
	ended, peak := make(chan struct{}), make(chan int64)
	go func() { peak <- watchMemory(cmd.Process.Pid, ended) }()
	err := cmd.Wait()
	f := figures{wall: time.Since(begin)}
	close(ended)
	f.peak = <-peak
	if err != nil {
		return f, fmt.Errorf("%w: %s", err, log.Bytes())
	}
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	f.cpu = time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	return f, nil
}

// watchMemory returns the peak that the kernel kept of a process's memory. It is asked for now and then
// while the process runs: the figure of its end begins with this process's own, from before the exec.
func watchMemory(pid int, ended <-chan struct{}) (peak int64) {
	for {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if _, after, ok := strings.Cut(string(status), "VmHWM:"); err == nil && ok {
			var kilobytes int64
			if _, err := fmt.Sscan(after, &kilobytes); err == nil {
				peak = kilobytes << 10
			}
		}
		select {
		case <-ended:
			return peak
		case <-time.After(20 * time.Millisecond):
		}
	}
}
