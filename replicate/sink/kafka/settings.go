package kafka

import "github.com/repliqate/repliqate/replicate"

// The settings that errors of this package name, each after its field of Config.
const (
	SettingConfig            replicate.Setting = "kafka.Config"
	SettingBrokers           replicate.Setting = "kafka.Config.Brokers"
	SettingTopic             replicate.Setting = "kafka.Config.Topic"
	SettingNoKey             replicate.Setting = "kafka.Config.NoKey"
	SettingCreateTopic       replicate.Setting = "kafka.Config.CreateTopic"
	SettingPartitions        replicate.Setting = "kafka.Config.Partitions"
	SettingReplicationFactor replicate.Setting = "kafka.Config.ReplicationFactor"
	SettingCompression       replicate.Setting = "kafka.Config.Compression"
	SettingBufferedBytes     replicate.Setting = "kafka.Config.BufferedBytes"
	SettingTLS               replicate.Setting = "kafka.Config.TLS"
	SettingTLSEnabled        replicate.Setting = "kafka.Config.TLS.Enabled"
	SettingTLSCAFile         replicate.Setting = "kafka.Config.TLS.CAFile"
	SettingTLSCertFile       replicate.Setting = "kafka.Config.TLS.CertFile"
	SettingTLSKeyFile        replicate.Setting = "kafka.Config.TLS.KeyFile"
	SettingTLSServerName     replicate.Setting = "kafka.Config.TLS.ServerName"
	SettingSASL              replicate.Setting = "kafka.Config.SASL"
	SettingSASLMechanism     replicate.Setting = "kafka.Config.SASL.Mechanism"
	SettingSASLPasswordFile  replicate.Setting = "kafka.Config.SASL.PasswordFile"
)

// names are the settings that a hint mentions.
type names = []replicate.Setting

// wrongSetting is the error of a setting that can't work.
func wrongSetting(key replicate.Setting, err error) error {
	return &replicate.SettingError{Key: key, Err: err}
}
