//! A scenario's faults → a plan that speaks of operations by number, with the vendors' codes beside it.

use crate::fault::{Fault, FaultSpec, Plan};
use crate::vendor::{ErrorCode, Operation, Ordered, VENDORS, Vendor};

/// The faults of a world.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    /// When they fire.
    pub plan: Plan,
    /// What each then asks of its vendor.
    effects: Vec<Ordered>,
}

impl Faults {
    /// Makes the plan of a scenario that was found free of mistakes; a fault whose aim or code does not exist is
    /// left out.
    pub fn new(specs: &[FaultSpec]) -> Self {
        let (faults, effects) = specs.iter().filter_map(resolve).unzip();
        Self { plan: Plan::new(faults), effects }
    }

    /// What the fault with this number asks for.
    pub fn effect(&self, number: u32) -> Ordered {
        self.effects[number as usize].clone()
    }
}

fn resolve(spec: &FaultSpec) -> Option<(Fault, Ordered)> {
    let (name, operation) = spec.on.split_once('.').map_or((spec.on.as_str(), None), |(v, o)| (v, Some(o)));
    let vendor = crate::vendor::by_name(name)?;
    let code = vendor.errors().iter().find(|row| row.code == spec.error.as_str())?;
    let fault = Fault {
        name: spec.name.to_string(),
        aim: aim(vendor, operation, code),
        stage: code.stage,
        matches: spec.matches.iter().map(|(name, value)| (name.clone(), value.to_string())).collect(),
        when: spec.when.clone(),
    };
    let message = spec.message.as_ref().map(ToString::to_string);
    Some((fault, Ordered { code, message, retry_after: spec.retry_after }))
}

/// The numbers of the operations that can give `code`: the named one, or all of the vendor's, those that are not
/// emulated among them.
fn aim(vendor: &dyn Vendor, operation: Option<&str>, code: &ErrorCode) -> Vec<usize> {
    let fits =
        |known: &&&Operation| operation.is_none_or(|name| known.name == name) && code.is_given_by(known.name);
    let mut aim: Vec<_> =
        vendor.operations().iter().filter(fits).map(|known| number_of(vendor, Some(known))).collect();
    if operation.is_none() && code.operations.is_empty() {
        aim.push(number_of(vendor, None));
    }
    aim
}

/// The number of an operation among all vendors'; each vendor has one more for what it does not emulate.
pub fn number_of(vendor: &dyn Vendor, operation: Option<&Operation>) -> usize {
    let before: usize = VENDORS
        .iter()
        .take_while(|other| other.name() != vendor.name())
        .map(|v| v.operations().len() + 1)
        .sum();
    let own = vendor.operations();
    let within = operation.and_then(|wanted| own.iter().position(|known| std::ptr::eq(*known, wanted)));
    before + within.unwrap_or(own.len())
}
