//! Chart of the days: heights and positions of bars in the SVG.

/// Margins of the plot, in units of the viewBox 640 × 220.
const LEFT: f64 = 44.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 24.0;
const BOTTOM: f64 = 36.0;
const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 220.0;
/// Maximum number of days for which every day has its date.
const ALL_DATED: usize = 7;
/// Maximum number of days for which every day has its number.
const ALL_NUMBERED: usize = 14;

/// Counts of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::desk) struct Day {
    pub date: String,
    pub sent: i64,
    pub failed: i64,
    pub cancelled: i64,
    pub back: i64,
    pub skipped: i64,
}

/// Bar of a day: sent mails, within it bounced ones, above it those given up.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::desk) struct Bar {
    pub day: Day,
    pub x: f64,
    pub middle: f64,
    pub width: f64,
    /// Top and height of each piece.
    pub sent: (f64, f64),
    pub back: (f64, f64),
    pub failed: (f64, f64),
    pub dated: bool,
    pub numbered: bool,
}

/// Chart of the days.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::desk) struct Chart {
    pub bars: Vec<Bar>,
    /// Horizontal lines: position and number.
    pub grid: Vec<(f64, i64)>,
    pub left: f64,
    pub right: f64,
    pub bottom: f64,
}

/// Returns the next larger round number: 1, 2 or 5 followed by zeros.
fn round_up(most: i64) -> i64 {
    let mut step = 1;
    loop {
        for factor in [1, 2, 5] {
            if step * factor >= most {
                return step * factor;
            }
        }
        step *= 10;
    }
}

impl Chart {
    /// Returns the chart; `None` if nothing was sent, given up or bounced.
    pub fn new(days: Vec<Day>) -> Option<Self> {
        let most = days.iter().map(|day| (day.sent + day.failed).max(day.back)).max().filter(|most| *most > 0)?;
        let top = round_up(most);
        let plot = HEIGHT - TOP - BOTTOM;
        let tall = |n: i64| n as f64 / top as f64 * plot;
        let bottom = HEIGHT - BOTTOM;
        let step = (WIDTH - LEFT - RIGHT) / days.len().max(1) as f64;
        let (dated, numbered) = (days.len().div_ceil(ALL_DATED), days.len().div_ceil(ALL_NUMBERED));
        let bar = |(at, day): (usize, Day)| {
            let x = LEFT + step * at as f64 + step * 0.15;
            let (sent, failed, back) = (tall(day.sent), tall(day.failed), tall(day.back));
            Bar {
                x,
                middle: x + step * 0.35,
                width: step * 0.7,
                sent: (bottom - sent, sent),
                back: (bottom - back, back),
                failed: (bottom - sent - failed, failed),
                dated: at % dated == 0,
                numbered: at % numbered == 0 && day.sent > 0,
                day,
            }
        };
        let bars = days.into_iter().enumerate().map(bar).collect();
        let grid = [top, top / 2, 0].into_iter().map(|n| (bottom - tall(n), n)).collect::<Vec<_>>();
        let grid = if top == 1 { vec![grid[0], grid[2]] } else { grid };
        Some(Self { bars, grid, left: LEFT, right: WIDTH - RIGHT, bottom })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(sent: i64, failed: i64, back: i64) -> Day {
        Day { date: "20 Nov".into(), sent, failed, cancelled: 0, back, skipped: 0 }
    }

    #[test]
    fn bars_stay_in_the_plot_and_stand_on_the_axis() {
        let chart = Chart::new(vec![day(7, 2, 3), day(0, 0, 0), day(0, 0, 4)]).unwrap();
        assert_eq!(chart.grid.iter().map(|(_, n)| *n).collect::<Vec<_>>(), [10, 5, 0]);
        for bar in &chart.bars {
            assert!(bar.failed.0 >= TOP && (bar.sent.0 + bar.sent.1 - chart.bottom).abs() < 1e-9);
            assert!(bar.x >= chart.left && bar.x + bar.width <= chart.right + 0.1);
        }
        assert!((chart.bars[0].failed.0 + chart.bars[0].failed.1 - chart.bars[0].sent.0).abs() < 1e-9);
        assert_eq!(Chart::new(vec![day(0, 0, 0)]), None);
        assert_eq!([1, 2, 3, 9, 10, 11, 400].map(round_up), [1, 2, 5, 10, 10, 20, 500]);
    }
}
