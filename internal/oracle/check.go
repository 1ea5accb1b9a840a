package oracle

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// Check compares the data of our message for a row with what the Python daemon publishes. Unless the row differs by
// design, the hash must be the same and the data, parsed, be equal; if it does, our value must be the listed one.
func (v *Vectors) Check(r *Row, ours []byte) error {
	differs, err := v.difference(r)
	if err != nil {
		return err
	}
	mine, err := parse(ours)
	if err != nil {
		return fmt.Errorf("our data %s: %w", ours, err)
	}
	sum := sha256.Sum256(ours)
	same := hex.EncodeToString(sum[:]) == r.Hash
	if differs != nil {
		want := fmt.Sprintf("%q: %s", differs.Column, differs.Ours)
		switch {
		case !bytes.Contains(ours, []byte(want)):
			return fmt.Errorf("our data %.300s does not have %.300s (%s)", ours, want, differs.Why)
		case same:
			return fmt.Errorf("the Python daemon publishes the same hash: so the row does not differ")
		}
		return nil
	}
	if r.Raises != "" {
		return fmt.Errorf("the Python daemon publishes nothing (%s), and that is not in the list of differences", r.Raises)
	}
	theirs, err := parse([]byte(r.Data))
	if err != nil {
		return fmt.Errorf("data of the Python daemon: %w", err)
	}
	if !reflect.DeepEqual(mine, theirs) {
		return fmt.Errorf("the data, parsed, differs:\n got %s\nwant %s", ours, r.Data)
	}
	if !same {
		return fmt.Errorf("the hash differs:\n got %s\nwant that of %s with keys sorted", ours, r.Data)
	}
	return nil
}

func (v *Vectors) difference(r *Row) (*Difference, error) {
	if !differ(r.Table) {
		return nil, nil
	}
	for _, d := range v.Differences {
		if value, ok := r.Row[d.Column]; ok && value == d.Value {
			return &d, nil
		}
	}
	return nil, errors.New("the row is not in the list of differences")
}

// parse reads JSON with numbers as they are written.
func parse(data []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var value any
	if err := d.Decode(&value); err != nil {
		return nil, err
	}
	if d.More() {
		return nil, errors.New("more than one value")
	}
	return value, nil
}

// Data is the data of a message whose columns, in any order, have these values.
func Data(values map[string]string, sorted []string) []byte {
	var b strings.Builder
	for i, name := range sorted {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%q: %s", name, values[name])
	}
	return []byte("{" + b.String() + "}")
}
