// Package mysql is MySQL 8.0 and later and MariaDB 10.6 and later to the generator.
//
//	mysql.go     Engine
//	types.go     the table of types: a row has everything that is known of a type
//	kind.go      what is printed for a column of a type
//	ddl.go       runs the statements of schema files, dumps and migrations, as far as they define tables
//	ddl_*.go     what each of them says
//	comment.go   versioned comments: /*!80013 INVISIBLE */ and /*M!100301 COMPRESSED */
//	cursor.go    the words of a statement
//	sqlc.go      tables as sqlc is told them
//
// The statements are read here and not by a parser of MySQL's grammar, since none reads MariaDB's too. What sqlc
// sees is written from what was read.
package mysql

import (
	"github.com/dave/jennifer/jen"

	"github.com/repliqate/repliqate/gen/engine"
	"github.com/repliqate/repliqate/gen/model"
)

const (
	sourcePath = engine.ReplicatePath + "/source/mysql"
	mybinPath  = sourcePath + "/mybin"
)

// Engine is MySQL and MariaDB.
var Engine = &engine.Engine{
	Name: "mysql", SQLC: "mysql", Aliases: []string{"mariadb"},
	Types: names(),
	Kind:  kindOf,
	Read:  read,
	Words: []string{"AUTO_INCREMENT", "ENGINE =", "DELIMITER", "LOCK TABLES", "CHARACTER SET", "CHARSET =",
		"UNIQUE KEY", "ON UPDATE CURRENT_TIMESTAMP", "ZEROFILL", "MEDIUMINT", "LONGTEXT", "MEDIUMTEXT", "LONGBLOB"},
	Hints: []string{"`name`", "UNSIGNED", "TINYINT", "DATETIME (", "ENUM (", "VARBINARY", "USE"},
	SQL: engine.SQL{
		Quote:       quote,
		Placeholder: func(int) string { return "?" },
		// sqlc writes the parameter as the run time's KeysParameter.
		Lookup:      func(key string) string { return key + " IN (sqlc.slice('keys'))" },
		CatalogName: catalogName,
	},
	Source: engine.Source{
		Path: sourcePath, Imports: []string{mybinPath, "slices"},
		Note:   note,
		Result: func() *jen.Statement { return jen.Id("v").Index().Index().Byte() },
		Fields: fields,
		Golden: engine.WireGolden,
	},
	Deploy: engine.Deploy{
		URI: "mysql://${DB_USER:-repliqate}:${DB_PASSWORD}@${DB_HOST:-localhost}:3306/${DB_NAME:-{package}}",
	},
}

// fields are what the source must know of the live table.
func fields(t *model.Table) []jen.Code {
	var all []jen.Code
	if t.Schema != "" {
		all = append(all, engine.Field("Schema", jen.Lit(t.Schema)))
	}
	return append(all, engine.Field("Unqualified", jen.Lit(t.Name)))
}

// note says what the source will refuse.
func note(t *model.Table) string {
	if t.AutoIncrement {
		return ""
	}
	return "The schema does not declare the key AUTO_INCREMENT. A key that the application makes can't be proven to be " +
		"settled, so the replicator stops with sql_source.settle as the remedy."
}

// quote knows the words that can't be a bare column or table name in MySQL or in MariaDB.
var quote = engine.Quoter("`", `accessible add all alter analyze and as asc asensitive before between bigint binary blob
	both by call cascade case change char character check collate column condition constraint continue convert create
	cross cube cume_dist current_date current_role current_time current_timestamp current_user cursor database databases
	day_hour day_microsecond day_minute day_second dec decimal declare default delayed delete dense_rank desc describe
	deterministic distinct distinctrow div double drop dual each else elseif empty enclosed escaped except exists exit
	explain false fetch first_value float float4 float8 for force foreign from fulltext function general generated get
	grant group grouping groups having high_priority hour_microsecond hour_minute hour_second if ignore
	ignore_server_ids in index infile inner inout insensitive insert int int1 int2 int3 int4 int8 integer intersect
	interval into io_after_gtids io_before_gtids is iterate join json_table key keys kill lag last_value lateral lead
	leading leave left library like limit linear lines load localtime localtimestamp lock long longblob longtext loop
	low_priority manual master_bind master_heartbeat_period master_ssl_verify_server_cert match maxvalue mediumblob
	mediumint mediumtext middleint minute_microsecond minute_second mod modifies natural not no_write_to_binlog
	nth_value ntile null numeric of offset on optimize optimizer_costs option optionally or order out outer outfile over
	page_checksum parallel parse_vcol_expr partition percent_rank position precision primary procedure purge qualify
	range rank read reads read_write real recursive references ref_system_id regexp release rename repeat replace
	require resignal restrict return returning revoke right rlike row rownum row_number rows row_count schema schemas
	second_microsecond select sensitive separator set sets show signal slow smallint spatial specific sql sql_big_result
	sql_calc_found_rows sqlexception sql_small_result sqlstate sqlwarning ssl starting stats_auto_recalc
	stats_persistent stats_sample_pages stored straight_join system system_user table tablesample terminated then
	tinyblob tinyint tinytext to trailing trigger true undo union unique unlock unsigned update usage use using utc_date
	utc_time utc_timestamp values varbinary varchar varcharacter varying vector virtual when where while window with
	write xor year_month zerofill`)
