package main

import (
	"fmt"
	"image/color"
	"os"
	"path/filepath"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	drawing "gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/kiteticker/kiteticker/bench/harness"
)

// drawAll draws a picture for each load and transport of r.
func drawAll(r *harness.Report, dir string) error {
	for first := 0; first < len(r.Cells); {
		end := first
		for end < len(r.Cells) && r.Cells[end].Load == r.Cells[first].Load && r.Cells[end].Transport == r.Cells[first].Transport {
			end++
		}
		if err := draw(r.Cells[first:end], dir); err != nil {
			return err
		}
		first = end
	}
	return nil
}

// draw draws the subjects under one load: latency over percentiles, both such
// that the tail has room: each nine is as wide as the last.
func draw(cells []harness.Cell, dir string) error {
	load, transport := cells[0].Load, cells[0].Transport
	p := plot.New()
	p.Title.Text = fmt.Sprintf("%v, %s", load, transport)
	p.Title.TextStyle.Font.Size = vg.Points(9)
	p.X.Label.Text, p.Y.Label.Text = "percentile", "microseconds"
	p.Y.Scale = plot.LogScale{}
	p.Y.Tick.Marker = decades{}
	p.X.Tick.Marker = plot.ConstantTicks{
		{Value: 0, Label: "0"}, {Value: 10, Label: "90"}, {Value: 20, Label: "99"}, {Value: 30, Label: "99.9"}, {Value: 40, Label: "99.99"},
	}
	p.Add(plotter.NewGrid())
	for i := range cells {
		line, err := plotter.NewLine(points(&cells[i]))
		if err != nil {
			return fmt.Errorf("%s: %w", cells[i].Subject, err)
		}
		line.Color = colors[i%len(colors)]
		line.Width = vg.Points(1.5)
		if cells[i].Floor == "" { // it is one
			line.Dashes = []vg.Length{vg.Points(4), vg.Points(3)}
		}
		p.Add(line)
		p.Legend.Add(cells[i].Subject, line)
	}
	p.Legend.Top, p.Legend.Left = true, true
	p.Legend.TextStyle.Font.Size = vg.Points(9)
	canvas := vgsvg.New(16*vg.Centimeter, 9*vg.Centimeter)
	p.Draw(drawing.New(canvas))
	file, err := os.Create(filepath.Join(dir, fmt.Sprintf("latency-%s-%s.svg", load.Name, transport)))
	if err != nil {
		return err
	}
	if _, err := canvas.WriteTo(file); err != nil {
		file.Close()
		return err
	}
	return file.Close()
}

// colors can be told apart, also by those who see few (Okabe and Ito).
var colors = []color.Color{
	color.RGBA{0, 0, 0, 255}, color.RGBA{0, 158, 115, 255}, color.RGBA{0, 114, 178, 255}, color.RGBA{230, 159, 0, 255},
	color.RGBA{213, 94, 0, 255}, color.RGBA{204, 121, 167, 255}, color.RGBA{86, 180, 233, 255},
}

// points returns a cell's curve as far as its runs have frames for it: of 50
// frames the 99.9th percentile is nothing but the slowest one.
func points(c *harness.Cell) plotter.XYs {
	var xys plotter.XYs
	for i, d := range c.Median.Latency.Curve {
		beyond := (1 - harness.CurvePoint(i)) * float64(c.Median.Latency.Frames)
		if beyond < 1-1e-9 {
			break
		}
		xys = append(xys, plotter.XY{X: float64(i), Y: max(float64(d)/float64(time.Microsecond), 0.1)})
	}
	return xys
}

// decades ticks an axis at 1, 2 and 5 times the powers of ten.
type decades struct{}

func (decades) Ticks(low, high float64) (ticks []plot.Tick) {
	for power := 0.1; power <= high; power *= 10 {
		for _, digit := range []float64{1, 2, 5} {
			if v := digit * power; v >= low && v <= high {
				ticks = append(ticks, plot.Tick{Value: v, Label: fmt.Sprintf("%g", v)})
			}
		}
	}
	return ticks
}
