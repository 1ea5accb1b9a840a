package keyset

import (
	"errors"

	"github.com/repliqate/repliqate/replicate"
)

// ParseOffset reads the key of an offset of the table.
func ParseOffset[R any, K replicate.Key](table *replicate.Table[R, K], at replicate.Offset) (K, error) {
	key, err := replicate.ParseKey[K](at.Key)
	if err != nil {
		return key, replicate.Stop(errors.New("the offset "+at.Key+" is not a key of table "+table.Name),
			"correct it in the offset store")
	}
	return key, nil
}
