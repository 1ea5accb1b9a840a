package postgres

import (
	"context"
	"errors"
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/repliqate/repliqate/replicate"
)

// sqlASCII is the encoding of a database that does not check its texts. It would refuse to hand them over
// as UTF-8 without naming the row, so they are read as they are, and checked here.
const sqlASCII = "SQL_ASCII"

// clientEncoding is what the session's client_encoding must be.
func (s *source[R, K]) clientEncoding() string {
	if s.conn.ParameterStatus("server_encoding") == sqlASCII {
		return sqlASCII
	}
	return pinned["client_encoding"]
}

// setEncoding leaves the encoding that was asked for when connecting where the database has none.
func (s *source[R, K]) setEncoding(ctx context.Context) error {
	if s.clientEncoding() != sqlASCII {
		return nil
	}
	if _, err := s.conn.Exec(ctx, "SET client_encoding TO "+sqlASCII).ReadAll(); err != nil {
		return s.classify("set the encoding", err)
	}
	return nil
}

// badText says that the server could not convert a text of the row that follows those of the page.
type badText[K replicate.Key] struct {
	reason error
	bound  replicate.Bound[K]
}

func (e *badText[K]) Error() string { return e.reason.Error() }

// asBadText returns the server's complaint about a text that is not valid in its own encoding, or has no
// counterpart in UTF-8.
func asBadText(err error) (reason error, ok bool) {
	var server *pgconn.PgError
	if errors.As(err, &server) && (server.Code == "22021" || server.Code == "22P05") {
		return errors.New(server.Message), true
	}
	return nil, false
}

// isolate finds the row whose text the server could not convert: the first behind those of the page. That
// is certain up to the bound, since no row can turn up there any more; a row beyond it waits.
func (s *source[R, K]) isolate(
	ctx context.Context, req replicate.PollRequest[K], page *replicate.Page[K], bad *badText[K],
) (result replicate.PollResult, err error) {
	column := quote(s.table.KeyColumn)
	where := ""
	switch {
	case page.Len() > 0:
		where = " WHERE " + column + " > " + replicate.KeyText(page.Last)
	case req.HasAfter:
		where = " WHERE " + column + " > " + replicate.KeyText(req.After)
	}
	key, found, err := s.lowest(ctx, where)
	switch {
	case err != nil:
		page.Reset()
		return result, err
	case found && !bad.bound.Allows(key):
		result.Unsettled = true
		return result, nil
	case found:
		_, err = s.builder.Bad(key, "", bad.reason, nil)
	}
	result.More = true
	return result, err
}

// isolateAmong is isolate for the rows of a list of keys.
func (s *source[R, K]) isolateAmong(
	ctx context.Context, list string, page *replicate.Page[K], reason error,
) (more bool, err error) {
	column := quote(s.table.KeyColumn)
	where := " WHERE " + column + " = ANY('" + list + "'::bigint[])"
	if page.Len() > 0 {
		where += " AND " + column + " > " + replicate.KeyText(page.Last)
	}
	key, found, err := s.lowest(ctx, where)
	if err != nil {
		page.Reset()
		return false, err
	}
	if found {
		_, err = s.builder.Bad(key, "", reason, nil)
	}
	return true, err
}

// lowest reads the lowest key. There is none where the row was deleted meanwhile.
func (s *source[R, K]) lowest(ctx context.Context, where string) (key K, found bool, err error) {
	text, err := s.value(ctx, "SELECT min("+quote(s.table.KeyColumn)+") FROM "+s.table.Relation+where)
	if err != nil || text == "" {
		return key, false, err
	}
	number, err := strconv.ParseInt(text, 10, 64)
	return K(number), err == nil, err
}
