package script

// Dialect is what decides where a statement ends. Strings between single and double quotes, and comments
// that begin with --, are the same everywhere.
type Dialect struct {
	DollarQuotes   bool // $tag$ ... $tag$
	NestedComments bool // /* /* */ */
	EscapeStrings  bool // E'it\'s'
	Backslashes    bool // a backslash escapes in every string
	Backticks      bool // `name`
	Brackets       bool // [name]
	HashComments   bool // # to the end of the line
	Bodies         bool // CREATE TRIGGER ... BEGIN ... END, CREATE FUNCTION ... BEGIN ATOMIC ... END
	Delimiter      bool // DELIMITER //, a command of the client
	DotCommands    bool // .read FILE and others, commands of the client
	PSQL           bool // \commands, :variables and COPY ... FROM stdin
}
