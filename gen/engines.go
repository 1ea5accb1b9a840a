package gen

import (
	"github.com/repliqate/repliqate/gen/engine"
	"github.com/repliqate/repliqate/gen/engine/mysql"
	"github.com/repliqate/repliqate/gen/engine/postgres"
	"github.com/repliqate/repliqate/gen/engine/sqlite"
)

// Engines are all engines, in the order in which they are tried on a schema that could be for any. There is no other
// list.
var Engines = engine.List{postgres.Engine, mysql.Engine, sqlite.Engine}
