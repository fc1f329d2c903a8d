module github.com/kiteticker/kiteticker

go 1.26.0

require (
	github.com/gobwas/ws v1.5.0
	github.com/google/go-cmp v0.7.0
	github.com/loov/hrtime v1.0.3
	github.com/valyala/bytebufferpool v1.0.0
	golang.org/x/sys v0.50.0
)

require github.com/gobwas/httphead v0.1.0 // indirect
