package postgres

import "testing"

// The example of settle.sequence is a name that can be copied: quoted as in SQL, where it has to be.
func TestSequenceIsQuoted(t *testing.T) {
	for want, c := range map[string][3]string{
		"public.orders_id_seq":             {"", "orders", "id"},
		`public."Order_Id_seq"`:            {"", "Order", "Id"},
		`"Sales".orders_id_seq`:            {"Sales", "orders", "id"},
		`public."say ""hi""_order id_seq"`: {"", `say "hi"`, "order id"},
	} {
		if got := Engine.Deploy.Sequence(c[0], c[1], c[2]); got != want {
			t.Errorf("%q is called %s, want %s", c, got, want)
		}
	}
}
