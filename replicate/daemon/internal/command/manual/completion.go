package manual

import (
	"fmt"
	"slices"
	"strings"
)

// candidate is a word that completion offers.
type candidate struct{ word, text string }

// candidates are the words of a command; those of the program itself, if name is empty.
func (m *manual) candidates(name string) (all []candidate) {
	help := m.help
	if name == "" {
		for _, c := range m.commands {
			all = append(all, candidate{c.name, m.summary(c)})
		}
	} else {
		help, _ = m.find(name)
	}
	if name == "help" {
		for _, c := range m.commands {
			all = append(all, candidate{c.name, m.summary(c)})
		}
	}
	for _, i := range words(help) {
		all = append(all, candidate{i.terms[0], i.text})
	}
	for _, i := range options(help) {
		for _, term := range i.terms {
			all = append(all, candidate{term, i.text})
		}
	}
	return all
}

// valued are the options that take a value: files, and others.
func (m *manual) valued() (files, others []string) {
	texts := []string{m.help}
	for _, c := range m.commands {
		texts = append(texts, c.help)
	}
	for _, text := range texts {
		for _, i := range options(text) {
			switch {
			case i.isFile():
				files = append(files, i.terms...)
			case i.value != "":
				others = append(others, i.terms...)
			}
		}
	}
	slices.Sort(files)
	slices.Sort(others)
	return slices.Compact(files), slices.Compact(others)
}

// function is a name that a shell takes.
func (m *manual) function() string {
	return "_" + strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, m.binary)
}

func (m *manual) write(format string, args ...any) { fmt.Fprintf(&m.out, format, args...) }

const bashHead = `# Completion of %[1]s for bash. Load it with: source <(%[1]s completion bash)
%[2]s() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command= all= i
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        %[3]s)
            if [[ ${COMP_WORDS[i-1]} != --config ]]; then
                command=${COMP_WORDS[i]}
                break
            fi
            ;;
        esac
    done
    case $before in
    %[4]s)
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        return
        ;;
    %[5]s)
        COMPREPLY=()
        return
        ;;
    esac
    case $command in
`

const bashTail = `    esac
    mapfile -t COMPREPLY < <(compgen -W "$all" -- "$word")
}
complete -F %[2]s %[1]s
`

func (m *manual) bash() {
	files, others := m.valued()
	m.write(bashHead, m.binary, m.function(), strings.Join(m.names(), " | "), strings.Join(files, " | "),
		strings.Join(others, " | "))
	for _, name := range append([]string{""}, m.names()...) {
		var all []string
		for _, c := range m.candidates(name) {
			all = append(all, c.word)
		}
		m.write("    '%s') all='%s' ;;\n", name, strings.Join(all, " "))
	}
	m.write(bashTail, m.binary, m.function())
}

const zshHead = `#compdef %[1]s
# Completion of %[1]s for zsh. Load it with: source <(%[1]s completion zsh)
%[2]s() {
    local command= i
    local -a all
    for ((i = 2; i < CURRENT; i++)); do
        case $words[i] in
        (%[3]s)
            if [[ $words[i-1] != --config ]]; then
                command=$words[i]
                break
            fi
            ;;
        esac
    done
    case $words[CURRENT-1] in
    (%[4]s) _files; return ;;
    (%[5]s) return ;;
    esac
    case $command in
`

const zshTail = `    esac
    _describe -o '%[1]s' all
}
compdef %[2]s %[1]s
`

func (m *manual) zsh() {
	files, others := m.valued()
	m.write(zshHead, m.binary, m.function(), strings.Join(m.names(), "|"), strings.Join(files, "|"),
		strings.Join(others, "|"))
	for _, name := range append([]string{""}, m.names()...) {
		m.write("    ('%s') all=(\n", name)
		for _, c := range m.candidates(name) {
			m.write("        %s\n", quoted(c.word+":"+c.text))
		}
		m.write("        ) ;;\n")
	}
	m.write(zshTail, m.binary, m.function())
}

// quoted is a text as the shells read it word by word.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

func (m *manual) fish() {
	m.write("# Completion of %[1]s for fish. Load it with: %[1]s completion fish | source\n", m.binary)
	m.write("complete -c %s -f\n", m.binary)
	all := strings.Join(m.names(), " ")
	for _, c := range m.commands {
		m.write("complete -c %s -n 'not __fish_seen_subcommand_from %s' -a %s -d %s\n", m.binary, all, c.name,
			fishQuoted(m.summary(c)))
	}
	m.fishOptions("not __fish_seen_subcommand_from "+all, m.help)
	for _, c := range m.commands {
		when := "__fish_seen_subcommand_from " + c.name
		for _, i := range words(c.help) {
			m.write("complete -c %s -n '%s' -a %s -d %s\n", m.binary, when, i.terms[0], fishQuoted(i.text))
		}
		if c.name == "help" {
			m.write("complete -c %s -n '%s' -a %s\n", m.binary, when, fishQuoted(all))
		}
		m.fishOptions(when, c.help)
	}
}

// fishOptions writes a line for each option: -l for one with two dashes, -s for a letter, -o for one dash and more.
func (m *manual) fishOptions(when, help string) {
	for _, i := range options(help) {
		names := ""
		for _, term := range i.terms {
			switch long, isLong := strings.CutPrefix(term, "--"); {
			case isLong:
				names += " -l " + long
			case len(term) == 2:
				names += " -s " + term[1:]
			default:
				names += " -o " + term[1:]
			}
		}
		switch {
		case i.isFile():
			names += " -r -F"
		case i.value != "":
			names += " -x"
		}
		m.write("complete -c %s -n '%s'%s -d %s\n", m.binary, when, names, fishQuoted(i.text))
	}
}

// fishQuoted is a text as fish reads it: in quotes it knows escapes of the quote and of the backslash alone.
func fishQuoted(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(text) + "'"
}
