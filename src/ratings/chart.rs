//! Trend chart: positions of each month's share and interval in the SVG.

use super::{Month, Share};
use std::fmt::Write;

/// Width of the drawing, in units of its viewBox.
pub const WIDTH: f64 = 640.0;
/// Height of the drawing, in units of its viewBox.
pub const HEIGHT: f64 = 220.0;
const LEFT: f64 = 44.0;
const RIGHT: f64 = 56.0;
const TOP: f64 = 30.0;
const BOTTOM: f64 = 44.0;
/// Maximum number of months for which every month is labelled.
const ALL_LABELLED: usize = 14;
/// Minimum number of months that are drawn, so that few do not look like a long time.
const MIN_MONTHS: usize = 6;

/// A month in the chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// Month of the point.
    pub month: Month,
    /// Distance from the left.
    pub x: f64,
    /// Position of the share and its interval, from the top; `None` if nothing was released.
    pub at: Option<PointAt>,
    /// Label below the axis, if there is room.
    pub label: Option<&'static str>,
    /// Year below the label: for the first month and each January.
    pub year: Option<i32>,
}

/// Position of a month's share.
#[derive(Debug, Clone, PartialEq)]
pub struct PointAt {
    /// Position of the share.
    pub y: f64,
    /// Position of the interval's upper end (the smaller number: y goes down).
    pub high: f64,
    /// Position of the interval's lower end.
    pub low: f64,
    /// Share in words, if it is written above the point.
    pub value: Option<String>,
}

/// The trend chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// Months in order.
    pub points: Vec<Point>,
    /// Intervals of consecutive months, as filled paths.
    pub bands: Vec<String>,
    /// Shares of consecutive months, as lines.
    pub lines: Vec<String>,
    /// Horizontal lines: position and label.
    pub grid: Vec<(f64, &'static str)>,
    /// Left edge of the plot.
    pub left: f64,
    /// Right edge of the plot.
    pub right: f64,
    /// Bottom edge of the plot.
    pub bottom: f64,
}

fn y(share: f64) -> f64 {
    TOP + (1.0 - share) * (HEIGHT - TOP - BOTTOM)
}

impl Chart {
    /// Returns the chart for these months, from the first with a release; `None` if there is none.
    pub fn new(months: &[(Month, Option<Share>)]) -> Option<Self> {
        let first = months.iter().position(|(_, share)| share.is_some())?;
        let months = &months[first.min(months.len().saturating_sub(MIN_MONTHS))..];
        let last = months.iter().rposition(|(_, share)| share.is_some())?;
        let step = (WIDTH - LEFT - RIGHT) / (months.len().max(2) - 1) as f64;
        let every = months.len().div_ceil(ALL_LABELLED);
        let point = |(at, (month, share)): (usize, &(Month, Option<Share>))| Point {
            month: *month,
            x: LEFT + step * at as f64,
            at: share.map(|share| point_at(share, every == 1 || at == last)),
            label: (at % every == 0).then(|| month.short()),
            year: (at % every == 0 && (at == 0 || month.begins_year())).then(|| month.year()),
        };
        let points: Vec<Point> = months.iter().enumerate().map(point).collect();
        let runs: Vec<Vec<(f64, &PointAt)>> = runs(&points);
        Some(Self {
            bands: runs.iter().filter(|run| run.len() > 1).map(|run| band(run)).collect(),
            lines: runs.iter().filter(|run| run.len() > 1).map(|run| line(run)).collect(),
            grid: vec![(y(1.0), "100\u{a0}%"), (y(0.5), "50\u{a0}%"), (y(0.0), "0\u{a0}%")],
            points,
            left: LEFT,
            right: WIDTH - RIGHT,
            bottom: y(0.0),
        })
    }

    /// Whether the months before and after this one have no share: it is then drawn with whiskers instead of a band.
    /// (Takes a reference, since that is what the template has.)
    pub fn is_alone(&self, at: &usize) -> bool {
        let there = |at: Option<usize>| at.and_then(|at| self.points.get(at)).is_some_and(|p| p.at.is_some());
        !there(at.checked_sub(1)) && !there(at.checked_add(1))
    }
}

fn point_at(share: Share, labelled: bool) -> PointAt {
    let value = labelled.then(|| super::percent(share.value()));
    PointAt { y: y(share.value()), high: y(share.interval.high), low: y(share.interval.low), value }
}

/// Returns the runs of consecutive months that all have a share.
fn runs(points: &[Point]) -> Vec<Vec<(f64, &PointAt)>> {
    let mut runs = vec![Vec::new()];
    for point in points {
        match (&point.at, runs.last_mut()) {
            (Some(at), Some(run)) => run.push((point.x, at)),
            _ => runs.push(Vec::new()),
        }
    }
    runs
}

fn line(run: &[(f64, &PointAt)]) -> String {
    path(run.iter().map(|(x, at)| (*x, at.y)))
}

fn band(run: &[(f64, &PointAt)]) -> String {
    let there = run.iter().map(|(x, at)| (*x, at.high));
    let back = run.iter().rev().map(|(x, at)| (*x, at.low));
    path(there.chain(back)) + "Z"
}

fn path(points: impl Iterator<Item = (f64, f64)>) -> String {
    let mut path = String::new();
    for (at, (x, y)) in points.enumerate() {
        // Writing to a String can't fail.
        let _ = write!(path, "{}{x:.1} {y:.1}", if at == 0 { 'M' } else { 'L' });
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn months(shares: &[Option<(u64, u64)>]) -> Vec<(Month, Option<Share>)> {
        let first: Month = "2026-01".parse().unwrap();
        let at = |(i, share): (usize, &Option<(u64, u64)>)| {
            (first.plus(i as i32), share.and_then(|(hits, n)| Share::new(hits, n)))
        };
        shares.iter().enumerate().map(at).collect()
    }

    #[test]
    fn runs_get_bands_and_lone_months_whiskers() {
        let chart = Chart::new(&months(&[Some((4, 5)), Some((3, 5)), None, Some((5, 5)), None])).unwrap();
        assert_eq!((chart.bands.len(), chart.lines.len()), (1, 1));
        assert!(!chart.is_alone(&0) && !chart.is_alone(&1) && chart.is_alone(&3));
        assert!(chart.lines[0].starts_with("M44.0 "));
        let all = chart.points[3].at.as_ref().unwrap();
        assert_eq!(all.y, y(1.0), "all satisfied stands at the top");
        assert!(all.low > all.y && all.high == all.y);
        assert_eq!(chart.points.iter().filter_map(|p| p.year).collect::<Vec<_>>(), [2026]);
    }

    #[test]
    fn nothing_is_drawn_of_nothing_and_one_month_does_not_divide_by_zero() {
        assert_eq!(Chart::new(&months(&[None, None])), None);
        let one = Chart::new(&months(&[Some((1, 5))])).unwrap();
        assert!(one.points[0].x.is_finite() && one.is_alone(&0));
    }

    #[test]
    fn it_begins_where_something_was_released() {
        let mut shares = vec![None; 20];
        shares.extend([Some((4, 5)); 2]);
        let chart = Chart::new(&months(&shares)).unwrap();
        assert_eq!((chart.points.len(), chart.points[0].month.to_string()), (MIN_MONTHS, "2027-05".into()));
        shares[3] = Some((1, 5));
        assert_eq!(Chart::new(&months(&shares)).unwrap().points.len(), 19);
    }

    #[test]
    fn long_periods_are_labelled_sparsely() {
        let chart = Chart::new(&months(&[Some((4, 5)); 36])).unwrap();
        assert!(chart.points.iter().filter(|p| p.label.is_some()).count() <= ALL_LABELLED);
        let valued = |p: &&Point| p.at.as_ref().is_some_and(|at| at.value.is_some());
        assert_eq!(chart.points.iter().filter(valued).count(), 1, "the last one");
    }
}
