//! Learning curves, as SVG.

use std::error::Error;
use std::path::Path;

use cotangent::graph::write_atomically;
use plotters::prelude::*;

/// Blue and orange of Okabe and Ito (2008), told apart by everybody; in grey, by their dashes.
const BLUE: RGBColor = RGBColor(0, 114, 178);
const ORANGE: RGBColor = RGBColor(213, 94, 0);

/// Loss and accuracies, epoch by epoch.
#[derive(Default)]
pub struct History {
    loss: Vec<f64>,
    train: Vec<f64>,
    validation: Vec<f64>,
}

impl History {
    pub fn push(&mut self, loss: f64, train: f64, validation: f64) {
        self.loss.push(loss);
        self.train.push(train);
        self.validation.push(validation);
    }

    /// Draws the loss and the accuracies against the epoch, side by side, into a file.
    pub fn save(&self, path: &Path) -> Result<(), Box<dyn Error>> {
        let mut svg = String::new();
        self.draw(&mut svg).map_err(|error| error.to_string())?;
        write_atomically(path, svg.as_bytes())
            .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        Ok(())
    }

    fn draw<'a>(&self, svg: &'a mut String) -> Result<(), Box<dyn Error + 'a>> {
        let area = SVGBackend::with_string(svg, (900, 360)).into_drawing_area();
        area.fill(&WHITE)?;
        let (left, right) = area.split_horizontally(450);
        let top = self.loss.iter().copied().fold(0.0, f64::max);
        self.panel(&left, "training loss", 0.0..top * 1.05, &[("loss", &self.loss, BLUE)])?;
        let accuracies = self.train.iter().chain(&self.validation);
        let low = accuracies.copied().fold(1.0, f64::min);
        let series = [("training", &self.train, BLUE), ("validation", &self.validation, ORANGE)];
        self.panel(&right, "accuracy", (low - 0.02).max(0.0)..1.0, &series)?;
        area.present()?;
        Ok(())
    }

    fn panel<'a>(
        &self,
        area: &DrawingArea<SVGBackend<'a>, plotters::coord::Shift>,
        label: &str,
        range: std::ops::Range<f64>,
        series: &[(&str, &Vec<f64>, RGBColor)],
    ) -> Result<(), Box<dyn Error + 'a>> {
        let last = (self.loss.len() as f64).max(2.0);
        let mut chart = ChartBuilder::on(area)
            .margin(12)
            .x_label_area_size(42)
            .y_label_area_size(58)
            .build_cartesian_2d(1.0..last, range)?;
        chart
            .configure_mesh()
            .light_line_style(WHITE)
            .x_desc("epoch")
            .y_desc(label)
            .x_label_formatter(&|x| format!("{x:.0}"))
            .y_label_formatter(&|y| format!("{y:.2}"))
            .label_style(("sans-serif", 15))
            .draw()?;
        for (position, &(name, values, color)) in series.iter().enumerate() {
            let points = values.iter().enumerate().map(|(i, &y)| ((i + 1) as f64, y));
            let style = color.stroke_width(2);
            let drawn = match position {
                0 => chart.draw_series(LineSeries::new(points, style))?,
                _ => chart.draw_series(DashedLineSeries::new(points, 6, 4, style))?,
            };
            drawn.label(name).legend(move |(x, y)| PathElement::new([(x, y), (x + 24, y)], style));
        }
        if series.len() > 1 {
            chart
                .configure_series_labels()
                .position(SeriesLabelPosition::LowerRight)
                .label_font(("sans-serif", 15))
                .background_style(WHITE)
                .border_style(BLACK.mix(0.3))
                .draw()?;
        }
        Ok(())
    }
}
