//! Requests by route, status class and time. A route is found by its place in the list of routes.

use std::time::Duration;

use crate::telemetry::tally::{Counter, Distribution, Histogram};

/// What a route is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteLabel {
    /// Its method.
    pub method: &'static str,
    /// Its template, such as `/admin/people/<id>`: never the path of a request.
    pub template: String,
}

/// The first digit of a status.
pub const STATUS_CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// Requests by route.
#[derive(Debug)]
pub struct Requests {
    /// One for each route, and the last for requests that no route took.
    routes: Box<[Route]>,
}

/// A route and what was counted of it; routes stand apart in memory, so that one core does not wait for another's.
#[derive(Debug)]
#[repr(align(128))]
struct Route {
    label: RouteLabel,
    statuses: [Counter; STATUS_CLASSES.len()],
    times: Histogram,
}

/// What was counted of a route.
#[derive(Debug)]
pub struct Counted<'a> {
    /// Which route.
    pub label: &'a RouteLabel,
    /// How many answers were of each of [`STATUS_CLASSES`].
    pub statuses: [u64; STATUS_CLASSES.len()],
    /// How long they took.
    pub times: Distribution,
}

impl Requests {
    /// Nothing yet, by these routes.
    pub fn new(routes: Vec<RouteLabel>) -> Self {
        let nowhere = RouteLabel { method: "-", template: "-".into() };
        let new = |label| Route { label, statuses: Default::default(), times: Histogram::default() };
        Self { routes: routes.into_iter().chain([nowhere]).map(new).collect() }
    }

    /// Counts an answer of the route at this place, or of none.
    pub fn answered(&self, place: Option<usize>, status: u16, took: Duration) {
        let last = self.routes.len() - 1;
        let route = &self.routes[place.unwrap_or(last).min(last)];
        let class = usize::from(status / 100).clamp(1, STATUS_CLASSES.len()) - 1;
        route.statuses[class].increment();
        route.times.observe(took);
    }

    /// Every route that was asked for.
    pub fn counted(&self) -> impl Iterator<Item = Counted<'_>> {
        let counted = self.routes.iter().map(|route| Counted {
            label: &route.label,
            statuses: std::array::from_fn(|at| route.statuses[at].value()),
            times: route.times.distribution(),
        });
        counted.filter(|route| route.statuses.iter().any(|count| *count > 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    fn requests() -> Requests {
        let label = |template: &str| RouteLabel { method: "GET", template: template.into() };
        Requests::new(vec![label("/a"), label("/b")])
    }

    #[test]
    fn an_answer_counts_for_its_route_and_one_of_no_route_for_none() {
        let requests = requests();
        requests.answered(Some(1), 204, Duration::ZERO);
        requests.answered(Some(99), 404, Duration::ZERO);
        requests.answered(None, 999, Duration::ZERO);
        let counted: Vec<_> = requests.counted().map(|route| (route.label.template.clone(), route.statuses)).collect();
        assert_eq!(counted, [("/b".to_owned(), [0, 1, 0, 0, 0]), ("-".to_owned(), [0, 0, 0, 1, 1])]);
    }

    /// Not an assertion on time, which other work on the machine would break: `--nocapture --ignored` tells the figure.
    #[test]
    #[ignore = "a measurement"]
    fn what_counting_costs() {
        const ROUNDS: u32 = 10_000_000;
        let requests = requests();
        let began = Instant::now();
        for round in 0..ROUNDS {
            requests.answered(Some((round & 1) as usize), 200, Duration::from_micros(u64::from(round & 0xffff)));
        }
        println!("{} ns for each request", began.elapsed().as_nanos() / u128::from(ROUNDS));
    }
}
