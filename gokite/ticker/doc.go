// Package kiteticker, in the directory gokite/ticker, is the Ticker of
// gokiteconnect on top of this library's Client: the same methods, callbacks
// and defaults, without what makes them break.
//
//	ticker := kiteticker.New(apiKey, accessToken)
//	ticker.OnConnect(func() {
//		ticker.Subscribe([]uint32{408065})
//		ticker.SetMode(kiteticker.ModeFull, []uint32{408065})
//	})
//	ticker.OnTick(func(tick kitemodels.Tick) { ... })
//	ticker.Serve()
//
// # Callbacks
//
// One callback runs at a time, as there: what only callbacks touch needs no
// lock. They run on goroutines of their own, however, that read the Client's
// streams, so a slow one does not stall the socket. While OnTick is busy ticks
// wait, 8,192 of them; then the newest are lost, and OnError is told how many
// with a *[SlowCallbackError]. OnMessage has 4 MiB. Nothing else is ever lost:
// it waits in memory.
//
// Ticks come in the order they were sent, and so does everything else. Between
// OnTick, OnMessage and all others there is no order, except that the first
// OnConnect comes before any tick or message. Callbacks are registered before
// Serve; all but OnMessage may be replaced later.
//
// A panic in a callback is not swallowed: Serve closes the connection and
// panics with a *[PanicError] that has the value and the stack. So the process
// ends with a trace, as it does there, unless the caller of Serve recovers.
//
// # What is told, and when
//
//	a connection is open         OnConnect, each time
//	it has ended                 OnClose, OnError, OnReconnect
//	it could not be opened       OnError, OnReconnect
//	the token is refused (403)   OnError, once; then Serve waits
//	retries are used up          OnError, then OnNoReconnect last
//	the server complains         OnError with its words
//	a message is damaged         OnError with a *DamagedMessageError
//	a callback is too slow       OnError with a *SlowCallbackError
//
// Errors are those of the package at the root, to be read with errors.As: a
// *HandshakeError has the HTTP status, a *CloseError the code. None has a
// credential in it.
//
// # Subscriptions
//
// Subscribe, SetMode and Unsubscribe say what is desired, at any time, before
// Serve too, and never wait. Each connection is told everything once, and only
// what changed later, so the usual OnConnect that subscribes anew costs nothing.
// Subscriptions outlive Serve.
//
// # Reconnecting
//
// The wait before a reconnect is random. It is half a second at most at first
// and grows up to SetReconnectMaxDelay. SetReconnectMaxRetries counts attempts
// in a row that give no connection of ten seconds.
//
// A refused token is not tried again: Serve waits for SetAccessToken, and for
// as long as gokiteconnect would go on dialling in vain, retries times the
// largest delay, five hours by default. Then it gives up.
//
// # Ending
//
// Stop, Close and the context of ServeWithContext end Serve within four
// seconds, also if the server is silent; a callback that has not returned by
// then is left behind, and its goroutine ends when it returns. Order updates
// that came before are still told, ticks are not. Serve may be called again; it
// waits for the one before to return.
//
// # Decisions
//
// SetAutoReconnect(false) means what it says: Serve returns. Since the Client
// has no such setting, the dial function refuses a second dial.
//
// Resubscribe does nothing and Close does what Stop does, because what they are
// called for happens by itself: every new connection is told everything, and
// Stop closes politely. The exported field Conn is gone: nobody but the Client
// may write to its socket.
//
// SetReconnectMaxDelay refuses what is below 5 s, as gokiteconnect documents;
// its code refuses what is above.
package kiteticker
