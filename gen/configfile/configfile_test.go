package configfile_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/repliqate/repliqate/gen/configfile"
)

var values = map[string]string{"package": "orders", "table": "public.orders", "key": "id", "fields": "[]",
	"uri": "postgresql://localhost/shop", "sequence": "public.orders_id_seq"}

// The files under docs are what the table says.
func TestDocsAreCurrent(t *testing.T) {
	page, err := os.ReadFile("../../docs/configure.md")
	if err != nil {
		t.Fatal(err)
	}
	schema, err := os.ReadFile("../../docs/config.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	wantPage, err := configfile.Markdown(string(page))
	if err != nil {
		t.Fatal(err)
	}
	wantSchema, err := configfile.Schema()
	if err != nil {
		t.Fatal(err)
	}
	if string(page) != wantPage {
		t.Error("docs/configure.md differs from the table of keys: run make config-docs")
	}
	if !bytes.Equal(schema, wantSchema) {
		t.Error("docs/config.schema.json differs from the table of keys: run make config-docs")
	}
}

// A page that has lost a marker is an error and not a page without a table.
func TestMarkdownNeedsItsMarkers(t *testing.T) {
	if _, err := configfile.Markdown("<!-- keys job -->\n"); err == nil || !strings.Contains(err.Error(), "section job") {
		t.Errorf("got %v, want an error that names the section", err)
	}
}

// Lines of the emitted file can be read in a terminal of 120 columns.
func TestYAMLIsNarrow(t *testing.T) {
	for line := range strings.Lines(configfile.YAML(values)) {
		if len(strings.TrimSpace(line)) > 120 || strings.HasSuffix(strings.TrimSuffix(line, "\n"), " ") {
			t.Errorf("line %q", line)
		}
	}
}

// A database without sequences is shown no key that vouches for one.
func TestYAMLWithoutSequence(t *testing.T) {
	without := map[string]string{}
	for name, value := range values {
		without[name] = value
	}
	without["sequence"] = ""
	if text := configfile.YAML(without); strings.Contains(text, "settle") || !strings.Contains(text, "audit") {
		t.Errorf("got\n%s", text)
	}
}

// The schema takes the emitted configuration, as it is and with each commented line in force, and what the reader
// takes beside; and it refuses what the reader refuses.
func TestSchema(t *testing.T) {
	content, err := configfile.Schema()
	if err != nil {
		t.Fatal(err)
	}
	var schema map[string]any
	if err := json.Unmarshal(content, &schema); err != nil {
		t.Fatal(err)
	}
	whole := configfile.YAML(values)
	good := []string{whole}
	commented := regexp.MustCompile(`(?m)^( +)# ([a-z_]+: .*)$`)
	for _, at := range commented.FindAllStringSubmatchIndex(whole, -1) {
		good = append(good, whole[:at[3]]+whole[at[4]:at[5]]+whole[at[1]:])
	}
	if len(good) < 20 {
		t.Fatalf("only %d commented keys", len(good)-1)
	}
	with := func(line string) string {
		return strings.Replace(whole, "  name: orders\n", "  name: orders\n  "+line+"\n", 1)
	}
	good = append(good, with("lease: off"), with("lease: strict"), with("lease: ${LEASE}"), with("once_wait_sec: ${WAIT}"),
		with("once_wait_sec: '5'"), with("once_wait_sec: null"), with("unknown: [1]"), with("redis: {db: 3}"))
	for _, text := range good {
		if complaint := check(t, schema, text); complaint != "" {
			t.Errorf("%s in\n%s", complaint, text)
		}
	}
	for _, bad := range []string{
		with("lease: maybe"), with("lease: {mode: on, ttl_sec: 1}"), with("lease: {unknown: 1}"),
		with("redis: {db: -1}"), with("redis: {tls: maybe}"), with("log: {format: xml}"), with("once_wait_sec: 0"),
		strings.Replace(whole, "  name: orders\n", "", 1), strings.Replace(whole, "topic: orders", "topik: orders", 1),
		"repliqate: 1", "other: {}",
	} {
		if check(t, schema, bad) == "" {
			t.Errorf("the schema takes\n%s", bad)
		}
	}
}

func check(t *testing.T, schema map[string]any, text string) string {
	t.Helper()
	var value any
	if err := yaml.Unmarshal([]byte(text), &value); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	content, err := json.Marshal(value) // as a validator sees it, with numbers of one type
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(content, &value); err != nil {
		t.Fatal(err)
	}
	return invalid("", schema, value)
}

// invalid validates a value with the part of JSON Schema that ours uses. It returns the first complaint, or "".
func invalid(path string, schema map[string]any, value any) string {
	for keyword, rule := range schema {
		complaint := ""
		switch keyword {
		case "type":
			complaint = wrongType(rule, value)
		case "enum":
			complaint = "is none of the words"
			for _, word := range rule.([]any) {
				if word == value {
					complaint = ""
				}
			}
		case "minimum", "maximum":
			if x := value.(float64); keyword == "minimum" && x < rule.(float64) || keyword == "maximum" && x > rule.(float64) {
				complaint = fmt.Sprintf("is beyond the %s", keyword)
			}
		case "pattern":
			if s, ok := value.(string); ok && !regexp.MustCompile(rule.(string)).MatchString(s) {
				complaint = "does not match"
			}
		case "required":
			complaint = lacks(rule, value)
		case "properties":
			complaint = wrongMember(path, schema, rule.(map[string]any), value)
		case "anyOf", "oneOf":
			complaint = wrongChoice(path, keyword, rule.([]any), value)
		case "$schema", "$id", "title", "description", "additionalProperties", "items":
		default:
			complaint = "the test does not know " + keyword
		}
		if complaint != "" {
			return path + " " + complaint
		}
	}
	return ""
}

func wrongType(rule, value any) string {
	is := map[string]bool{}
	switch v := value.(type) {
	case nil:
		is["null"] = true
	case string:
		is["string"] = true
	case bool:
		is["boolean"] = true
	case float64:
		is["number"], is["integer"] = true, v == float64(int64(v))
	case []any:
		is["array"] = true
	case map[string]any:
		is["object"] = true
	}
	names, several := rule.([]any)
	if !several {
		names = []any{rule}
	}
	for _, name := range names {
		if is[name.(string)] {
			return ""
		}
	}
	return fmt.Sprintf("is not of type %v", rule)
}

func lacks(rule, value any) string {
	members, isObject := value.(map[string]any)
	for _, name := range rule.([]any) {
		if _, ok := members[name.(string)]; isObject && !ok {
			return fmt.Sprintf("lacks %v", name)
		}
	}
	return ""
}

func wrongMember(path string, schema, properties map[string]any, value any) string {
	members, _ := value.(map[string]any)
	for name, member := range members {
		rule, known := properties[name].(map[string]any)
		if !known && schema["additionalProperties"] == false {
			return "has the unknown member " + name
		}
		if known {
			if complaint := invalid(path+"."+name, rule, member); complaint != "" {
				return complaint
			}
		}
	}
	return ""
}

func wrongChoice(path, keyword string, choices []any, value any) string {
	fitting := 0
	for _, choice := range choices {
		if choiceFits(path, choice.(map[string]any), value) {
			fitting++
		}
	}
	if fitting == 0 || keyword == "oneOf" && fitting > 1 {
		return fmt.Sprintf("fits %d choices of %s", fitting, keyword)
	}
	return ""
}

// choiceFits looks at the type first, since bounds are for numbers alone.
func choiceFits(path string, choice map[string]any, value any) bool {
	if rule, ok := choice["type"]; ok && wrongType(rule, value) != "" {
		return false
	}
	return invalid(path, choice, value) == ""
}
