// Package kiteconnect, in the directory gokite, is the door for programs
// written for gokiteconnect, the official Go client: its Ticker, its models and
// its Order, served by this library. A program moves by changing its imports:
//
//	github.com/zerodha/gokiteconnect/v4         github.com/kiteticker/kiteticker/gokite
//	github.com/zerodha/gokiteconnect/v4/models  github.com/kiteticker/kiteticker/gokite/models
//	github.com/zerodha/gokiteconnect/v4/ticker  github.com/kiteticker/kiteticker/gokite/ticker
//
// Three packages with the names of theirs, because then one rule does for every
// program: gokite stands where gokiteconnect/v4 stood. None of them depends on
// gokiteconnect.
//
// This one has the Order of OnOrderUpdate and what its fields are compared
// with, and nothing of Kite's HTTP API. A program that logs in or places orders
// keeps gokiteconnect for that, imports this package by another name, and
// changes one type:
//
//	kiteconnect "github.com/zerodha/gokiteconnect/v4"
//	gokite "github.com/kiteticker/kiteticker/gokite"
//
//	func onOrderUpdate(order gokite.Order) // was kiteconnect.Order
//
// [Order.Raw] is there for functions that want gokiteconnect's own.
//
// Package gokite/ticker says how it behaves, docs/MIGRATION.md how to move on.
package kiteconnect
