package testserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// SecureKafka is a broker that encrypts, authenticates and authorises. Its plain address is the
// administrator's; on all others a user may do what Allow has granted.
type SecureKafka struct {
	*Kafka
	SASL    string // PLAIN and SCRAM-SHA-256, not encrypted
	TLS     string // encrypted, nobody is asked for a name
	SASLTLS string // encrypted, PLAIN and SCRAM
	Mutual  string // encrypted, the client shows a certificate

	Authority *Authority  // of the broker's certificate, and of those that Mutual takes
	Client    Certificate // the user CN=client

	dir string
}

// Host is the name that the certificate of a SecureKafka is good for, besides its address.
const Host = "kafka.test"

// StartSecureKafka starts a fresh broker that knows these users, each with the password.
func StartSecureKafka(ctx context.Context, password string, users ...string) (*SecureKafka, error) {
	dir, err := os.MkdirTemp("", "repliqate-certificates-")
	if err != nil {
		return nil, err
	}
	k := &SecureKafka{dir: dir}
	if k.Authority, err = NewAuthority(dir, "kafka"); err != nil {
		return nil, err
	}
	server, err := k.Authority.Issue("broker", "127.0.0.1", Host)
	if err != nil {
		return nil, err
	}
	if k.Client, err = k.Authority.Issue("client"); err != nil {
		return nil, err
	}
	var further strings.Builder
	for _, l := range []struct {
		name string
		addr *string
	}{{"SASL", &k.SASL}, {"TLS", &k.TLS}, {"SASLTLS", &k.SASLTLS}, {"MUTUAL", &k.Mutual}} {
		port, err := FreePort()
		if err != nil {
			return nil, err
		}
		*l.addr = fmt.Sprintf("127.0.0.1:%d", port)
		further.WriteString("," + l.name + "://" + *l.addr)
	}
	if k.Kafka, err = startKafka(ctx, listeners{further.String(), further.String()},
		k.properties(server, password, users)...); err != nil {
		return nil, err
	}
	return k, k.SetPassword(ctx, password, users...)
}

func (k *SecureKafka) properties(server Certificate, password string, users []string) []string {
	plain := "org.apache.kafka.common.security.plain.PlainLoginModule required"
	for _, user := range users {
		plain += fmt.Sprintf(" user_%s=%q", user, password)
	}
	properties := []string{
		"listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL:SASL_PLAINTEXT,TLS:SSL," +
			"SASLTLS:SASL_SSL,MUTUAL:SSL",
		"authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
		// The administrator's listener and the controller's know no other name.
		"super.users=User:ANONYMOUS",
		"sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
		"listener.name.sasl.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256",
		"ssl.keystore.type=PEM", "ssl.keystore.location=" + server.Both,
		"ssl.truststore.type=PEM", "ssl.truststore.location=" + k.Authority.File,
		"listener.name.mutual.ssl.client.auth=required",
	}
	for _, listener := range []string{"sasl", "sasltls"} {
		const scram = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
		prefix := "listener.name." + listener + "."
		properties = append(properties, prefix+"plain.sasl.jaas.config="+plain+";",
			prefix+"scram-sha-256.sasl.jaas.config="+scram, prefix+"scram-sha-512.sasl.jaas.config="+scram)
	}
	return properties
}

// SetPassword sets the password of users for SCRAM.
func (k *SecureKafka) SetPassword(ctx context.Context, password string, users ...string) error {
	return k.administer(func(admin *kadm.Client) error {
		// A request may name a user but once.
		for _, mechanism := range []kadm.ScramMechanism{kadm.ScramSha256, kadm.ScramSha512} {
			var scrams []kadm.UpsertSCRAM
			for _, user := range users {
				scrams = append(scrams, kadm.UpsertSCRAM{User: user, Mechanism: mechanism, Iterations: 4096,
					Password: password})
			}
			answer, err := admin.AlterUserSCRAMs(ctx, nil, scrams)
			if err = errors.Join(err, answer.Error()); err != nil {
				return err
			}
		}
		return nil
	})
}

// Allow grants a user, such as "ann" or "CN=client", operations on topics and groups that begin so.
func (k *SecureKafka) Allow(ctx context.Context, user, prefix string, operations ...kadm.ACLOperation) error {
	return k.administer(func(admin *kadm.Client) error {
		acl := kadm.NewACLs().Allow("User:" + user).AllowHosts().Topics(prefix).Groups(prefix).
			ResourcePatternType(kadm.ACLPatternPrefixed).Operations(operations...)
		answer, err := admin.CreateACLs(ctx, acl)
		for _, a := range answer {
			err = errors.Join(err, a.Err)
		}
		return err
	})
}

func (k *SecureKafka) administer(do func(*kadm.Client) error) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(k.Addr))
	if err != nil {
		return err
	}
	defer client.Close()
	return do(kadm.NewClient(client))
}

// Stop ends the broker and removes its data and certificates.
func (k *SecureKafka) Stop() error { return errors.Join(k.Kafka.Stop(), os.RemoveAll(k.dir)) }
