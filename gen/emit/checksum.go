package emit

import "github.com/dave/jennifer/jen"

// checksum prints the checksum of a row.
func checksum(f *jen.File, _ table) {
	doc(f, "Checksum returns the SHA-256 of the row's canonical JSON.")
	f.Func().Params(rowParam()).Id("Checksum").Params().Qual(replicatePath, "Checksum").Block(
		jen.Return(jen.Qual(replicatePath, "ChecksumOf").Call(jen.Id("AppendJSON").Call(jen.Nil(), jen.Id("r")))))
}
