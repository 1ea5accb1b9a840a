package crashloop

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// writers fill the table without mercy: transactions overlap, roll back, use savepoints, stay open for long
// and are prepared. A writer that loses its connection connects again; whether its commit was carried out
// is told by the table in the end.
type writers struct {
	cancel context.CancelFunc
	group  sync.WaitGroup
}

func startWriters(t *testing.T, world *world, seed uint64, n int) *writers {
	ctx, cancel := context.WithCancel(t.Context())
	w := &writers{cancel: cancel}
	for i := range n {
		w.group.Go(func() {
			writer := writer{name: fmt.Sprintf("w%d", i), rng: rand.New(rand.NewPCG(seed, uint64(i))),
				words: world.engine.words}
			for ctx.Err() == nil {
				writer.work(ctx, world.db)
				pause(ctx, 50*time.Millisecond) // the server has crashed
			}
		})
	}
	t.Cleanup(w.stop)
	return w
}

// stop lets transactions end.
func (w *writers) stop() {
	w.cancel()
	w.group.Wait()
}

type writer struct {
	name  string
	rng   *rand.Rand
	n     int
	words words
}

// work writes until the connection is lost or ctx ends.
func (w *writer) work(ctx context.Context, db *database) {
	patient, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Minute)
	defer cancel()
	session, err := db.connect(patient)
	if err != nil {
		return
	}
	defer session.close()
	if settle(patient, session, w.words, w.name+"-") != nil {
		return
	}
	for ctx.Err() == nil {
		for _, statement := range w.transaction() {
			if strings.HasPrefix(statement, "hold ") {
				hold, _ := time.ParseDuration(statement[5:]) // written by transaction
				pause(patient, hold)
			} else if session.exec(patient, statement) != nil {
				return
			}
		}
	}
}

// settle ends what a crash has left prepared: one half is committed, the other rolled back.
func settle(ctx context.Context, session session, words words, prefix string) error {
	left, err := session.prepared(ctx)
	if err != nil {
		return err
	}
	for i, id := range left {
		if !strings.HasPrefix(id, prefix) {
			continue
		}
		if err := session.exec(ctx, words.end([]string{"COMMIT", "ROLLBACK"}[i%2], id)); err != nil {
			return err
		}
	}
	return nil
}

// transaction chooses the statements of the next transaction.
func (w *writer) transaction() []string {
	w.n++
	rows := 1 + w.rng.IntN(3)
	if w.rng.IntN(50) == 0 {
		rows = 50
	}
	hold := w.rng.IntN(30)
	if w.rng.IntN(500) == 0 {
		hold = 1000 + w.rng.IntN(1000)
	}
	body := []string{w.words.insert(rows)}
	switch w.rng.IntN(10) {
	case 0:
		body = append(body, "SAVEPOINT s; "+w.words.insert(2)+"; ROLLBACK TO SAVEPOINT s")
	case 1:
		body = append(body, "SAVEPOINT s; "+w.words.insert(2)+"; RELEASE SAVEPOINT s")
	case 2:
		body = w.words.draw(rows, fmt.Sprintf("hold %dms", w.rng.IntN(20)))
	}
	body = append(body, fmt.Sprintf("hold %dms", hold))
	end := "COMMIT"
	if w.rng.IntN(10) == 0 {
		end = "ROLLBACK"
	}
	if w.rng.IntN(50) > 0 {
		return slices.Concat([]string{"BEGIN"}, body, []string{end})
	}
	id := fmt.Sprintf("%s-%d", w.name, w.n)
	return slices.Concat([]string{w.words.begin(id)}, body,
		[]string{w.words.prepare(id), fmt.Sprintf("hold %dms", w.rng.IntN(100)), w.words.end(end, id)})
}

// pause waits as long as the scenario says.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
