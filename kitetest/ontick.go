package kitetest

import "github.com/kiteticker/kiteticker/decode"

// carried returns the tick that packet, of the given mode, carries: the
// instrument's state without what the packet has no room for.
func carried(state *decode.Tick, mode decode.Mode, packet []byte) decode.Tick {
	t := *state
	t.Mode = mode
	switch mode {
	case decode.ModeLTP:
		return decode.Tick{
			Token:     t.Token,
			LastPrice: t.LastPrice,
			Mode:      mode,
			Flags:     t.Flags,
			Decimals:  t.Decimals,
		}
	case decode.ModeQuote:
		t.LastTradeTime, t.ExchangeTime = 0, 0
		t.OI, t.OIDayHigh, t.OIDayLow = 0, 0, 0
		t.Bids, t.Asks = [5]decode.Level{}, [5]decode.Level{}
	}
	if len(packet) == lenQuote || len(packet) == lenFull {
		// From the packet, as a stamp is not in the state.
		t.TotalBuyQuantity, t.TotalSellQuantity = be.Uint32(packet[20:]), be.Uint32(packet[24:])
	}
	return t
}
