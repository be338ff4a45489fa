//! Charts as SVG: lines over one axis.

use std::path::Path;

use plotters::prelude::{
    ChartBuilder, IntoDrawingArea, IntoFont, LineSeries, PathElement, RGBColor, SVGBackend, WHITE,
};

/// One line of a chart.
#[derive(Clone, Debug)]
pub(crate) struct Line<'a> {
    pub(crate) name: &'a str,
    pub(crate) points: Vec<(f64, f64)>,
}

impl Line<'_> {
    pub(crate) fn map(&self, point: impl Fn(&(f64, f64)) -> (f64, f64)) -> Self {
        Self { name: self.name, points: self.points.iter().map(point).collect() }
    }
}

const COLOURS: [RGBColor; 3] = [RGBColor(197, 90, 17), RGBColor(31, 97, 160), RGBColor(56, 118, 29)];

/// Draws these lines. The two texts stand at the axes.
pub(crate) fn draw(file: &Path, [x, y]: [&str; 2], lines: &[Line<'_>]) -> Result<(), String> {
    try_draw(file, x, y, lines).map_err(|error| format!("{} cannot be drawn: {error}", file.display()))
}

fn try_draw(file: &Path, x: &str, y: &str, lines: &[Line<'_>]) -> Result<(), Box<dyn core::error::Error>> {
    let points = || lines.iter().flat_map(|line| &line.points);
    let right = points().map(|(x, _)| *x).fold(0.0, f64::max);
    let top = points().map(|(_, y)| *y).fold(0.0, f64::max) * 1.05;
    let area = SVGBackend::new(file, (760, 320)).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .margin(12)
        .x_label_area_size(44)
        .y_label_area_size(64)
        .build_cartesian_2d(0.0..right, 0.0..top)?;
    let font = ("sans-serif", 14).into_font();
    chart
        .configure_mesh()
        .x_desc(x)
        .y_desc(y)
        .label_style(font.clone())
        .axis_desc_style(font.clone())
        .draw()?;
    for (line, colour) in lines.iter().zip(COLOURS) {
        chart
            .draw_series(LineSeries::new(line.points.iter().copied(), &colour))?
            .label(line.name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour));
    }
    chart.configure_series_labels().label_font(font).background_style(WHITE).draw()?;
    area.present()?;
    Ok(())
}
