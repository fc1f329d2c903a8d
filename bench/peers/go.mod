module github.com/kiteticker/kiteticker/bench/peers

go 1.26.0

replace github.com/kiteticker/kiteticker => ../..

require (
	github.com/coder/websocket v1.8.15
	github.com/gorilla/websocket v1.5.3
	github.com/kiteticker/kiteticker v0.0.0
	github.com/loov/hrtime v1.0.3
	github.com/lxzan/gws v1.8.9
	github.com/puzpuzpuz/xsync/v4 v4.5.0
)

require (
	github.com/dolthub/maphash v0.1.0 // indirect
	github.com/gobwas/httphead v0.1.0 // indirect
	github.com/gobwas/ws v1.5.0 // indirect
	github.com/klauspost/compress v1.17.9 // indirect
	github.com/valyala/bytebufferpool v1.0.0 // indirect
	golang.org/x/sys v0.50.0 // indirect
)
