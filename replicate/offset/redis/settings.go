package redis

import "github.com/repliqate/repliqate/replicate"

// The settings that errors of this package name, each after its field of Config.
const (
	SettingAddr         replicate.Setting = "redis.Config.Addr"
	SettingUsername     replicate.Setting = "redis.Config.Username"
	SettingPassword     replicate.Setting = "redis.Config.Password"
	SettingPasswordFile replicate.Setting = "redis.Config.PasswordFile"
	SettingTLS          replicate.Setting = "redis.Config.TLS"
	SettingCAFile       replicate.Setting = "redis.Config.CAFile"
	SettingDB           replicate.Setting = "redis.Config.DB"
)

// names are the settings that a hint names.
type names = []replicate.Setting

// wrongSetting is the error of a setting that can't work.
func wrongSetting(key replicate.Setting, err error) error {
	return &replicate.SettingError{Key: key, Err: err}
}
