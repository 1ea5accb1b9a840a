package schema

import (
	"testing"

	"github.com/repliqate/repliqate/gen/model"
)

// A column that is added at the end never renames a field, and no two fields differ in case alone.
func TestFieldNames(t *testing.T) {
	names := []string{"user_id", "userId", "User-ID", "user_id_2", "checksum", "Checksum2", "clone",
		"ID", "id", "_", "-", "1", "C1", "ñ", "Ñ"}
	want := []string{"UserID", "UserId2", "UserID3", "UserID22", "Checksum2", "Checksum22", "Clone2",
		"ID", "ID2", "C", "C2", "C1", "C12", "Ñ", "Ñ2"}
	for n := range names {
		columns := make([]model.Column, n+1)
		for i := range columns {
			columns[i].Name = names[i]
		}
		nameFields(columns)
		for i, c := range columns {
			if c.GoName != want[i] {
				t.Errorf("with %d columns %q is field %s, want %s", n+1, c.Name, c.GoName, want[i])
			}
		}
	}
}

// No package is called what Go or its build would misread.
func TestPackageName(t *testing.T) {
	for name, want := range map[string]string{
		"orders": "orders", "Order Items": "order_items", "internal": "internal_table", "gen": "gen_table",
		"test": "test", "x_test": "x_test_table",
		"events_windows": "events_windows_table", "windows": "windows", "a_linux_arm64": "a_linux_arm64_table",
		"_a": "t_a", "1": "t1",
		"": "t", "type": "type_table", "len": "len_table", "json": "json_table", "größe": "gr__e", "main": "main_table",
	} {
		if got := PackageName("", name, nil); got != want {
			t.Errorf("table %q is package %s, want %s", name, got, want)
		}
	}
	if got := PackageName("sales", "x_test", nil); got != "sales_x_test_table" {
		t.Errorf("table sales.x_test is package %s", got)
	}
}
