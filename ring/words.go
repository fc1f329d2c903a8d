package ring

import (
	"encoding/binary"
	"fmt"
	"reflect"
	"unsafe"
)

// This file is the one place in the package that uses unsafe for more than
// sizes: it looks at the memory of an item.

const wordSize = 8

// word is a word in the memory of an item, which need not be aligned to words.
type word [wordSize]byte

// words returns the memory of v. mustBeWords has allowed its type.
func words[T any](v *T) []word {
	return unsafe.Slice((*word)(unsafe.Pointer(v)), unsafe.Sizeof(*v)/wordSize)
}

// One instruction each, on machines that have one for it.
func (w *word) get() uint64  { return binary.NativeEndian.Uint64(w[:]) }
func (w *word) set(n uint64) { binary.NativeEndian.PutUint64(w[:], n) }

// mustBeWords panics unless a T may be copied word by word: it is made of whole
// ones, and has no pointers, which the garbage collector would not see in a copy.
func mustBeWords[T any]() {
	typ := reflect.TypeFor[T]()
	switch size := typ.Size(); {
	case size == 0 || size%wordSize != 0:
		panic(fmt.Sprintf("ring: size of %v is %d bytes, want a multiple of %d", typ, size, wordSize))
	case hasPointers(typ):
		panic(fmt.Sprintf("ring: %v has pointers", typ))
	}
}

func hasPointers(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr,
		reflect.Float32, reflect.Float64, reflect.Complex64, reflect.Complex128:
		return false
	case reflect.Array:
		return t.Len() > 0 && hasPointers(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if hasPointers(t.Field(i).Type) {
				return true
			}
		}
		return false
	default:
		return true
	}
}
