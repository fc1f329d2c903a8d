// Kiteticker receives the market data of Kite Connect, or of a simulated
// exchange that it brings along.
//
// Usage:
//
//	kiteticker demo      receive a simulated exchange and check every tick
//	kiteticker sim       run the simulated exchange alone
//	kiteticker stream    print the ticks of instruments
//	kiteticker decode    print the ticks in the bytes of a message
//	kiteticker version   print versions
//
// "kiteticker help COMMAND" explains each of them.
package main
