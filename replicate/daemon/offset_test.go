package daemon_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

func TestOffsetShow(t *testing.T) {
	b := newBed(t)
	b.insert(3)
	b.offset(0, "show", "job job, table ledger", "offset none: the job would start at the first row",
		"in Redis "+b.redis.Addr(), "key "+bedKey, "witness none", "in Kafka, consumer group "+bedGroup, "lease free",
		"highest key 3, 3 rows beyond the offset")
	b.once()
	b.insert(1)
	b.exec("DELETE FROM ledger WHERE id = 4") // AUTOINCREMENT does not draw 4 again
	b.offset(0, "show", "offset 3, the checksum of its row is known", "witness 3",
		"highest key 3, keys drawn up to 4, 0 rows beyond the offset")
	b.insert(1)
	if err := b.redis.Set(bedKey, "2"); err != nil {
		t.Fatal(err)
	}
	b.offset(0, "show", "offset 2, the checksum of its row is unknown", "witness 3, ahead of the offset",
		"highest key 5, 2 rows beyond the offset")
	b.redis.Del(bedKey)
	b.offset(0, "show", "offset none: the job would continue from the witness", "1 row beyond the offset")
	j := b.start()
	j.await("holding the lease")
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	b.offset(0, "show", "lease held by "+host+" (process ")
	j.stop()
	b.settings = "lease: off"
	b.offset(0, "show", "lease off")
}

// TestOffsetShowWithoutAServer names who did not answer, and shows what the others say.
func TestOffsetShowWithoutAServer(t *testing.T) {
	b := newBed(t)
	b.insert(3)
	b.once()
	b.redis.SetError("LOADING Redis is loading the dataset in memory")
	b.offset(1, "show", "offset unknown: no answer", "lease unknown: no answer", "witness 3", "highest key 3",
		"no answer from the offset store: read offset in redis: LOADING")
	b.redis.SetError("")
	if err := os.Rename(b.database(), b.database()+".away"); err != nil {
		t.Fatal(err)
	}
	b.offset(1, "show", "offset 3,", "witness 3", "table unknown: no answer",
		"no answer from the database: open database")
	if err := os.Rename(b.database()+".away", b.database()); err != nil {
		t.Fatal(err)
	}
	b.kafka.ControlKey(int16(kmsg.FindCoordinator), func(kmsg.Request) (kmsg.Response, error, bool) {
		b.kafka.KeepControl()
		return nil, os.ErrDeadlineExceeded, true // the connection is cut
	})
	b.offset(1, "show", "offset 3,", "witness unknown: no answer", "lease free", "highest key 3, 0 rows beyond",
		"no answer from Kafka: load the witness of the offset")
}

func TestOffsetIsLowered(t *testing.T) {
	b := newBed(t)
	b.insert(5)
	b.once()
	b.offset(0, "set 2 --dry-run", "now offset 5", "new offset 2", "means 3 rows are published again",
		"nothing was changed")
	b.both("5")
	b.offset(0, "set 2", "now offset 5", "new offset 2", "means 3 rows are published again", "done the job has offset 2")
	b.both("2")
	b.offset(0, "set 2", "the same rows are published next as now", "there was nothing to change")
	b.once()
	b.offset(0, "start-at 4", "means 2 rows are published again", "new offset 3")
	b.both("3")
	b.once()
	if got, want := b.published(), "1 2 3 4 5 3 4 5 4 5"; got != want {
		t.Errorf("published %s, want %s", got, want)
	}
	if b.redis.Exists("{" + bedKey + "}:lease") {
		t.Error("the command did not give the lease back")
	}
}

// TestOffsetIsRaised over rows that were not published yet: that has to be asked for.
func TestOffsetIsRaised(t *testing.T) {
	b := newBed(t)
	b.insert(2)
	b.once()
	b.insert(4)
	b.offset(0, "set 5 --dry-run", "means 3 rows are skipped and never published", "the change needs --allow-skip")
	for _, command := range []string{"set 5", "start-at 6", "start-at now"} {
		b.offset(1, command, "rows would be skipped and never published: give --allow-skip", "nothing was changed")
	}
	b.both("2")
	b.offset(0, "set 4 --allow-skip", "2 rows are skipped")
	b.both("4")
	b.offset(0, "start-at now --allow-skip", "new offset 6", "2 rows are skipped")
	b.both("6")
	b.exec("INSERT INTO ledger (account, amount) VALUES ('a', 1); DELETE FROM ledger WHERE id = 7")
	b.offset(0, "set 7", "no row is skipped") // so it needs no leave
	b.insert(1)
	b.once()
	if got, want := b.published(), "1 2 8"; got != want {
		t.Errorf("published %s, want %s", got, want)
	}
}

// TestOffsetOfANewJob leaves out what is there already, which needs no leave: nothing was promised yet.
func TestOffsetOfANewJob(t *testing.T) {
	b := newBed(t)
	b.offset(0, "start-at now", "there was nothing to change")
	b.insert(3)
	b.offset(0, "start-at now", "now no offset: the first row is published next", "new offset 3", "3 rows are skipped")
	b.both("3")
	b.insert(2)
	b.once()
	if got, want := b.published(), "4 5"; got != want {
		t.Errorf("published %s, want %s", got, want)
	}
}

func TestOffsetReset(t *testing.T) {
	b := newBed(t)
	b.offset(0, "reset", "there was nothing to change")
	b.insert(3)
	b.once()
	b.offset(0, "reset --dry-run", "new no offset: the first row is published next", "3 rows are published again")
	b.both("3")
	b.offset(0, "reset", "3 rows are published again", "done the job has no offset")
	b.both("")
	b.setWitness("3") // a Redis that has lost its data has a witness left
	b.offset(0, "start-at -9223372036854775808", "now offset 3", "done the job has no offset")
	b.both("")
	if log := b.once(); !strings.Contains(log, "starting at the first row") {
		t.Errorf("after a reset the log says:\n%s", log)
	}
	if got, want := b.published(), "1 2 3 1 2 3"; got != want {
		t.Errorf("published %s, want %s", got, want)
	}
}

// TestOffsetRefusesKeys that can't be the offset.
func TestOffsetRefusesKeys(t *testing.T) {
	b := newBed(t)
	b.offset(2, "set 1", "no key of table ledger has been drawn yet")
	b.insert(5)
	b.once()
	for command, text := range map[string]string{
		"set 6":                      "set 6: beyond the sequence of table ledger, whose highest key so far is 5",
		"start-at 7":                 "start-at 7: beyond the sequence of table ledger, whose highest key so far is 5",
		"set 9223372036854775808":    "beyond the range of column id, -9223372036854775808 to 9223372036854775807",
		"set -9223372036854775809":   "beyond the range of column id",
		"set 99999999999999999999":   "beyond the range of column id",
		"set abc":                    `set "abc": expected a key in decimal`,
		"set 1.5":                    "expected a key in decimal",
		"set 007":                    "expected a key in decimal",
		"set now":                    "expected a key in decimal",
		"set":                        "offset set: expected a key",
		"set 1 2":                    "offset set: unexpected argument 2",
		"start-at":                   "offset start-at: expected a key",
		"reset 5":                    "offset reset: unexpected argument 5",
		"show 5":                     "unexpected argument 5",
		"shwo":                       "unknown command shwo: the nearest is show",
		"":                           "expected show, set KEY, reset or start-at now|KEY",
		"set 1 --dryrun":             "unknown option --dryrun: the nearest is --dry-run",
		"show --dry-run":             "it changes nothing",
		"show --config none/no.yaml": "none/no.yaml",
	} {
		b.offset(2, command, text)
	}
	b.offset(0, "start-at 6", "nothing to change") // the next key of all
	b.both("5")
	help := b.offset(0, "--help", "Exit statuses", "start-at now", "--allow-skip")
	if same := b.run("offset", "set", "-h"); same.stdout != help.stdout {
		t.Error("-h and --help differ")
	}
	if !strings.Contains(b.run("--help").stdout, "offset show|set|reset|start-at") {
		t.Error("--help does not name the offset command")
	}
}

// TestOffsetNeedsTheLease refuses to change the offset of a job that runs, which would overwrite it.
func TestOffsetNeedsTheLease(t *testing.T) {
	for name, store := range map[string]func(*bed){
		"Redis": func(*bed) {},
		"file":  func(b *bed) { b.noRedis, b.settings = true, "offset_file: "+filepath.Join(b.dir, "offset") },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBed(t)
			store(b)
			b.insert(5)
			j := b.start()
			j.await(`"msg":"committed","job":"job","offset":"5"`)
			for _, command := range []string{"set 2", "reset", "start-at now", "start-at 1"} {
				b.offset(1, command, "the job's lease is held by ", "(process ", "stop it first", "nothing was changed")
			}
			b.offset(0, "set 2 --dry-run", "lease held by ", "stop it before the change")
			b.offset(0, "show", "offset 5,")
			j.stop()
			b.offset(0, "set 4", "done")
		})
	}
}

func TestOffsetWithTheLeaseOff(t *testing.T) {
	b := newBed(t)
	b.settings = "lease: off"
	b.insert(2)
	b.once()
	b.offset(0, "set 1", "lease off: make sure that no instance of this job runs", "done")
	b.both("1")
}

func TestOffsetInMemory(t *testing.T) {
	b := newBed(t)
	b.noRedis = true
	for _, command := range []string{"show", "reset", "set 1"} {
		b.offset(2, command, "keeps its offset only in memory", "set redis_addr or offset_file")
	}
}

func TestOffsetInAFile(t *testing.T) {
	b := newBed(t)
	b.noRedis, b.settings = true, "offset_file: "+filepath.Join(b.dir, "offset")
	b.insert(5)
	b.once()
	b.offset(0, "show", "offset 5, the checksum of its row is known", "in file "+b.dir, "lease free", "0 rows beyond")
	b.offset(0, "set 3", "2 rows are published again")
	b.once()
	b.offset(0, "reset", "5 rows are published again")
	b.offset(0, "start-at now", "new offset 5")
	b.insert(1)
	b.once()
	if got, want := b.published(), "1 2 3 4 5 4 5 6"; got != want {
		t.Errorf("published %s, want %s", got, want)
	}
}

// refuse makes Kafka refuse the next request of a kind.
func (b *bed) refuse(key kmsg.Key) {
	b.kafka.ControlKey(int16(key), func(request kmsg.Request) (kmsg.Response, error, bool) {
		switch r := request.(type) {
		case *kmsg.OffsetCommitRequest:
			answer := r.ResponseKind().(*kmsg.OffsetCommitResponse)
			topic := kmsg.NewOffsetCommitResponseTopic()
			partition := kmsg.NewOffsetCommitResponseTopicPartition()
			topic.Topic, topic.TopicID = r.Topics[0].Topic, r.Topics[0].TopicID
			partition.ErrorCode = kerr.GroupAuthorizationFailed.Code
			topic.Partitions = append(topic.Partitions, partition)
			answer.Topics = append(answer.Topics, topic)
			return answer, nil, true
		case *kmsg.OffsetDeleteRequest:
			answer := r.ResponseKind().(*kmsg.OffsetDeleteResponse)
			answer.ErrorCode = kerr.GroupAuthorizationFailed.Code
			return answer, nil, true
		}
		return nil, nil, false
	})
}

// TestOffsetWriteOrder fails each of the two writes. Between them the witness is never ahead of the store.
func TestOffsetWriteOrder(t *testing.T) {
	for _, c := range []struct {
		command         string
		kafkaFails      bool
		stored, witness string // after the command has failed
		says            string
	}{
		{"set 2", true, "4", "4", "it is unknown whether that was changed"},
		{"set 2", false, "4", "2", "the copy in Kafka is changed, the offset may still be the old one"},
		{"reset", true, "4", "4", "it is unknown whether that was changed"},
		{"reset", false, "4", "", "the copy in Kafka is changed, the offset may still be the old one"},
		{"set 6 --allow-skip", true, "6", "4", "the offset is changed, its copy in Kafka may still be the old one"},
		{"set 6 --allow-skip", false, "4", "4", "it is unknown whether that was changed"},
	} {
		b := newBed(t)
		b.insert(4)
		b.once()
		b.insert(4)
		write := kmsg.OffsetCommit
		if c.command == "reset" {
			write = kmsg.OffsetDelete
		}
		switch {
		case c.kafkaFails:
			b.refuse(write)
		case c.witness == "4": // the store is written first, right after it was asked for the lease
			b.failForce()
		default:
			var once sync.Once // between the first write and the second
			b.kafka.ControlKey(int16(write), func(kmsg.Request) (kmsg.Response, error, bool) {
				once.Do(func() { b.redis.SetError("ERR the disk is full") })
				return nil, nil, false
			})
		}
		b.offset(1, c.command, c.says, "run the command again")
		b.redis.SetError("")
		b.redis.Server().SetPreHook(nil)
		if s, w := b.stored(), b.witness(); s != c.stored || w != c.witness {
			t.Errorf("%s, Kafka fails: %t: the store has %q and the witness %q, want %q and %q",
				c.command, c.kafkaFails, s, w, c.stored, c.witness)
		}
		b.redis.Del("{" + bedKey + "}:lease") // it could not be given back
		b.offset(0, c.command, "done")
	}
}

// TestOffsetNeedsKafka changes nothing when the witness could not be changed with the store.
func TestOffsetNeedsKafka(t *testing.T) {
	b := newBed(t)
	b.insert(3)
	b.once()
	b.kafka.ControlKey(int16(kmsg.OffsetFetch), func(kmsg.Request) (kmsg.Response, error, bool) {
		b.kafka.KeepControl()
		return nil, os.ErrDeadlineExceeded, true
	})
	b.offset(1, "set 1", "load the witness of the offset", "nothing was changed")
	if got := b.stored(); got != "3" {
		t.Errorf("without Kafka the store was set to %s", got)
	}
}

// TestOffsetLosesTheLease lets an instance take the lease while the command counts: neither place is changed,
// and the lease stays with the instance.
func TestOffsetLosesTheLease(t *testing.T) {
	b := newBed(t)
	b.insert(3)
	b.once()
	const other = "elsewhere|boot|1|1|x"
	var once sync.Once
	b.kafka.ControlKey(int16(kmsg.OffsetFetch), func(kmsg.Request) (kmsg.Response, error, bool) {
		once.Do(func() { _ = b.redis.Set("{"+bedKey+"}:lease", other) }) // the check below sees whether it is there
		return nil, nil, false
	})
	b.offset(1, "set 1", "the job's lease is held by elsewhere (process 1)", "nothing was changed")
	b.both("3")
	if got, err := b.redis.Get("{" + bedKey + "}:lease"); err != nil || got != other {
		t.Errorf("the lease is %q, %v, want the other's", got, err)
	}
}
