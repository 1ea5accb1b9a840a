package file

import "github.com/repliqate/repliqate/replicate"

// SettingPath is where the offset is kept, the argument of New.
const SettingPath replicate.Setting = "file.New's path"
