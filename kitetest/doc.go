// Package kitetest simulates the exchange side of the Kite ticker protocol, so
// that programs which use market data can be tested without an account and
// outside market hours.
package kitetest
