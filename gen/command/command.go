// Package command is the command line of repliqate-gen.
package command

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/repliqate/repliqate/gen"
	"github.com/repliqate/repliqate/gen/ddl"
	"github.com/repliqate/repliqate/gen/emit"
	"github.com/repliqate/repliqate/gen/render"
	"github.com/repliqate/repliqate/internal/buildinfo"
)

// errStale makes --check exit with 1 after it has listed the files.
var errStale = errors.New("generated files are stale: run repliqate-gen without --check")

// Run runs the command and returns its exit status: 0, 1 for a failure, 2 for a wrong call.
func Run(args []string, stdout, stderr io.Writer) int {
	usage := false
	app := &cli.App{
		Name:            "repliqate-gen",
		Usage:           "write a typed, static replicator in Go for each table of a schema",
		UsageText:       "repliqate-gen --schema schemas/orders.sql [options]",
		HideHelpCommand: true,
		HideVersion:     true, // it has a flag of its own, so that the help does not change with it
		Writer:          stdout,
		ErrWriter:       stderr,
		Flags:           flags(),
		OnUsageError: func(_ *cli.Context, err error, _ bool) error {
			usage = true
			return fmt.Errorf("%w; see repliqate-gen --help", err)
		},
		ExitErrHandler: func(*cli.Context, error) {},
		Action: func(c *cli.Context) error {
			if c.Bool("version") {
				fmt.Fprintf(stdout, "repliqate-gen %s, format %d\n", buildinfo.Version(), emit.Format)
				return nil
			}
			if c.NArg() > 0 {
				usage = true
				return fmt.Errorf("unexpected argument %q; schemas are named with --schema", c.Args().First())
			}
			if len(c.StringSlice("schema")) == 0 {
				usage = true
				return errors.New("no schema: name at least one file with --schema; see repliqate-gen --help")
			}
			return run(c, stdout)
		},
	}
	err := app.Run(args)
	switch {
	case err == nil:
		return 0
	case usage:
		fmt.Fprintln(stderr, "repliqate-gen:", err)
		return 2
	}
	fmt.Fprintln(stderr, "repliqate-gen:", err)
	return 1
}

func flags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "schema", Usage: "`FILE` with CREATE TABLE statements, or a folder of " +
			"migrations (repeatable)"},
		&cli.StringSliceFlag{Name: "table",
			Usage: "`TABLE` to generate (repeatable; default: every table with a single-column integer primary key)"},
		&cli.StringSliceFlag{Name: "primary-key",
			Usage: "unique not-null integer `COLUMN`, or TABLE=COLUMN, to use instead of the declared key"},
		&cli.StringFlag{Name: "fields", Usage: "comma-separated `COLUMNS` to publish (default: all)"},
		&cli.StringFlag{Name: "without", Usage: "comma-separated `COLUMNS` not to publish"},
		&cli.StringFlag{Name: "engine",
			Usage: "`ENGINE` of the schema: " + gen.Engines.Names() + " (default: recognised by the DDL)"},
		&cli.StringFlag{Name: "out", Value: gen.DefaultOut, Usage: "`FOLDER` to write to"},
		&cli.StringFlag{Name: "config", Usage: "take table, primary_key and fields from an existing config `FILE`"},
		&cli.StringFlag{Name: "with", Usage: "write `WHAT` beside the code: " + render.Known() +
			" (comma-separated)"},
		&cli.BoolFlag{Name: "check", Usage: "write nothing; list stale files and exit with 1 if there are any"},
		&cli.BoolFlag{Name: "list", Usage: "write nothing; list tables, keys, types and what would be generated"},
		&cli.BoolFlag{Name: "version", Usage: "print the version and the number of the output format, and exit"},
	}
}

func run(c *cli.Context, stdout io.Writer) error {
	r := gen.Request{Schemas: c.StringSlice("schema"), Tables: c.StringSlice("table"), Engine: c.String("engine"),
		Out: c.String("out"), PrimaryKeys: map[string]string{},
		Fields: ddl.SplitList(c.String("fields")), Without: ddl.SplitList(c.String("without")),
		With: ddl.SplitList(c.String("with")), List: c.Bool("list")}
	for _, key := range c.StringSlice("primary-key") {
		table, column, ok := strings.Cut(key, "=")
		if !ok {
			table, column = "", key
		}
		if have, twice := r.PrimaryKeys[table]; twice && have != column {
			return fmt.Errorf("--primary-key %s: %s was named before: expected one column for a table", key, have)
		}
		r.PrimaryKeys[table] = column
	}
	if name := c.String("config"); name != "" {
		if err := fromConfig(name, &r); err != nil {
			return err
		}
	}
	plan, err := gen.Prepare(r)
	if err != nil {
		return err
	}
	for _, note := range plan.Notes {
		fmt.Fprintln(stdout, note)
	}
	if c.Bool("list") {
		list(stdout, plan)
		return nil
	}
	for _, skipped := range plan.Skipped {
		fmt.Fprintln(stdout, "skipped:", skipped)
	}
	module, err := gen.FindModule(r.Out)
	if err != nil {
		return err
	}
	files, err := gen.Generate(r, plan, module)
	if err != nil {
		return err
	}
	changes, err := gen.Compare(r, plan, files)
	if err != nil {
		return err
	}
	if c.Bool("check") {
		return check(stdout, r.Out, changes)
	}
	if err := gen.Write(r.Out, files, changes); err != nil {
		return err
	}
	report(stdout, r.Out, plan, changes)
	if module.Missing != "" {
		fmt.Fprintln(stdout, "missing: the module that generated code imports; run:", module.Missing)
	}
	return nil
}

func check(w io.Writer, out string, c gen.Changes) error {
	for _, name := range c.Write {
		fmt.Fprintln(w, "stale:", filepath.Join(out, name))
	}
	for _, name := range c.Remove {
		fmt.Fprintln(w, "no longer generated:", filepath.Join(out, name))
	}
	if c.Stale() {
		return errStale
	}
	fmt.Fprintf(w, "%d files are up to date\n", len(c.Same))
	return nil
}

func report(w io.Writer, out string, plan *gen.Plan, c gen.Changes) {
	for _, name := range c.Write {
		fmt.Fprintln(w, "wrote", filepath.Join(out, name))
	}
	for _, name := range c.Remove {
		fmt.Fprintln(w, "removed", filepath.Join(out, name))
	}
	if !c.Stale() {
		fmt.Fprintf(w, "%d files are up to date\n", len(c.Same))
	}
	for _, t := range plan.Tables {
		fmt.Fprintf(w, "build: go build ./%s\n",
			filepath.ToSlash(filepath.Join(out, t.Package, "cmd", "repliqate-"+t.Package)))
	}
}

func list(w io.Writer, plan *gen.Plan) {
	for _, t := range plan.Tables {
		fmt.Fprintf(w, "%s  engine %s, key %s, package %s, binary repliqate-%s\n",
			t.Table.QualifiedName(), t.File.Engine.Name,
			t.Table.Columns[t.Key].Name, t.Package, t.Package)
		for _, c := range t.Table.Columns {
			kind, _ := t.File.Engine.Kind(c.Type) // Prepare has checked every type
			formatted := kind.Type
			null := ""
			if c.NotNull || c.Name == t.Table.Columns[t.Key].Name {
				null = " not null"
			}
			if formatted == "" {
				formatted = "any type"
			}
			fmt.Fprintf(w, "    %s %s%s\n", c.Name, formatted, null)
		}
	}
	for _, skipped := range plan.Skipped {
		fmt.Fprintln(w, "skipped:", skipped)
	}
	for _, passed := range plan.Passed {
		fmt.Fprintln(w, passed)
	}
}
