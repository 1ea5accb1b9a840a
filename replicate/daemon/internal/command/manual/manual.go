package manual

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/repliqate/repliqate/internal/nearest"
	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/daemon/internal/command"
	"github.com/repliqate/repliqate/replicate/daemon/internal/job"
	"github.com/repliqate/repliqate/replicate/daemon/internal/keys"
)

const helpHelp = `%[1]s help prints the help of the program, or of one of its commands.

Usage: %[1]s help [COMMAND]

Options:
  --help          print this, and exit

Exit statuses:
  0   printed
  2   there is no such command
`

const completionHelp = `%[1]s completion prints a script that completes commands and options.

Usage: %[1]s completion bash|zsh|fish

Words:
  bash            load it with: source <(%[1]s completion bash)
  zsh             load it with: source <(%[1]s completion zsh)
  fish            load it with: %[1]s completion fish | source

Options:
  --help          print this, and exit

Exit statuses:
  0   printed
  2   no shell, or one that is not known
`

const manHelp = `%[1]s man prints a manual page with the help of every command, in the form that man reads.

Usage: %[1]s man

Install it as %[1]s.1 in a folder man1 of your MANPATH, or look at it with: %[1]s man | man -l -

Options:
  --help          print this, and exit

Exit statuses:
  0   printed
  2   wrong options
`

// Commands are help, completion and man, which tell of themselves and of the other commands. general returns the help
// of the program, given all of them.
func Commands[R any, K replicate.Key](
	others []command.Command[R, K],
	general func(p job.Program[R, K], binary string, all []command.Command[R, K]) string,
) []command.Command[R, K] {
	var all []command.Command[R, K]
	add := func(name, usage, help string, explain func(m *manual, words []string) error) {
		all = append(all, command.Command[R, K]{Name: name, Usage: usage, Help: help,
			Run: func(_ context.Context, p job.Program[R, K], call command.Call) int {
				every := slices.Concat(others, all)
				m := newManual(p, call.Binary, every)
				m.help = general(p, call.Binary, every)
				return answer(m, call, name, explain)
			}})
	}
	add("completion", "bash|zsh|fish", completionHelp, (*manual).complete)
	add("help", "[COMMAND]", helpHelp, (*manual).explain)
	add("man", "", manHelp, (*manual).page)
	return all
}

// manual is the program's help texts.
type manual struct {
	binary   string
	help     string // the program's own
	commands []entry
	out      strings.Builder
}

// entry is a command.
type entry struct{ name, help string }

func newManual[R any, K replicate.Key](p job.Program[R, K], binary string, all []command.Command[R, K]) *manual {
	m := &manual{binary: binary}
	for _, c := range all {
		m.commands = append(m.commands, entry{c.Name, fmt.Sprintf(c.Help, binary, p.Table.Name)})
	}
	return m
}

// find returns a command's help.
func (m *manual) find(name string) (help string, known bool) {
	for _, c := range m.commands {
		if c.name == name {
			return c.help, true
		}
	}
	return "", false
}

func (m *manual) names() []string {
	names := make([]string, len(m.commands))
	for i, c := range m.commands {
		names[i] = c.name
	}
	return names
}

// answer runs one of the three commands.
func answer(m *manual, call command.Call, name string, explain func(*manual, []string) error) int {
	o := command.Defaults()
	words, err := o.Parse(name, call.Args, nil)
	switch {
	case err != nil:
	case o.IsHelp:
		help, _ := m.find(name)
		m.out.WriteString(help)
	default:
		err = explain(m, words)
	}
	if err != nil {
		call.Complain(err)
		return command.Usage
	}
	fmt.Fprint(call.Stdout, m.out.String())
	return command.OK
}

// explain is the command help.
func (m *manual) explain(words []string) error {
	if len(words) == 0 {
		m.out.WriteString(m.help)
		return nil
	}
	help, known := m.find(words[0])
	switch {
	case !known:
		return fmt.Errorf("help: unknown command %s: the nearest is %s; see --help", keys.Harmless(words[0], 80),
			nearest.Of(words[0], m.names()))
	case len(words) > 1:
		return command.NoWords("help", words[1:])
	}
	m.out.WriteString(help)
	return nil
}

// complete is the command completion.
func (m *manual) complete(words []string) error {
	scripts := map[string]func(*manual){"bash": (*manual).bash, "zsh": (*manual).zsh, "fish": (*manual).fish}
	if len(words) == 0 || scripts[words[0]] == nil {
		return fmt.Errorf("completion: expected bash, zsh or fish; see completion --help")
	}
	scripts[words[0]](m)
	return command.NoWords("completion", words[1:])
}

// page is the command man.
func (m *manual) page(words []string) error {
	m.roff()
	return command.NoWords("man", words)
}
