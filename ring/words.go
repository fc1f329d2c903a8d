package ring

import (
	"fmt"
	"reflect"
	"unsafe"
)

// This file is the one place in the package that uses unsafe for more than
// sizes: it looks at an item as words.

const wordSize = 8

// words returns the memory of v, word by word. mustBeWords has allowed its type.
func words[T any](v *T) []uint64 {
	return unsafe.Slice((*uint64)(unsafe.Pointer(v)), unsafe.Sizeof(*v)/wordSize)
}

// mustBeWords panics unless a T may be copied as words: it is made of whole
// ones, lies where a word may lie, and has no pointers, which the garbage
// collector would not see in a copy.
func mustBeWords[T any]() {
	typ := reflect.TypeFor[T]()
	switch size := typ.Size(); {
	case size == 0 || size%wordSize != 0:
		panic(fmt.Sprintf("ring: size of %v is %d bytes, want a multiple of %d", typ, size, wordSize))
	case typ.Align() < reflect.TypeFor[uint64]().Align():
		panic(fmt.Sprintf("ring: alignment of %v is %d, want that of uint64", typ, typ.Align()))
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
