//! The policy of a source.

use wellspring_core::Policy;

use crate::error::Error;
use crate::settings::PolicySettings;
use crate::value::Value;

impl PolicySettings {
    /// The policy. `assumed_lifetime` is what the section `response` says, which this section may replace.
    pub(crate) fn policy(&self, assumed_lifetime: Option<&Value>) -> Result<Policy, Error> {
        let mut policy = Policy::default();
        let given = [
            (&self.deadline, &mut policy.deadline),
            (&self.margin, &mut policy.margin),
            (&self.jitter, &mut policy.jitter),
            (&self.min_age, &mut policy.min_age),
            (&self.store_deadline, &mut policy.store_deadline),
            (&self.call_idle_timeout, &mut policy.call_idle_timeout),
            (&self.first_pause, &mut policy.first_pause),
            (&self.longest_pause, &mut policy.longest_pause),
            (&self.longest_retry_after, &mut policy.longest_retry_after),
            (&self.dead_pause, &mut policy.dead_pause),
            (&self.refusal_window, &mut policy.refusal_window),
        ];
        for (value, place) in given {
            if let Some(value) = value {
                *place = value.duration()?;
            }
        }
        if let Some(lifetime) = self.assumed_lifetime.as_ref().or(assumed_lifetime) {
            policy.assumed_lifetime = Some(lifetime.lifetime()?);
        }
        let never_zero = [
            (&self.deadline, policy.deadline),
            (&self.store_deadline, policy.store_deadline),
            (&self.call_idle_timeout, policy.call_idle_timeout),
            (&self.first_pause, policy.first_pause),
            (&self.longest_pause, policy.longest_pause),
            (&self.dead_pause, policy.dead_pause),
        ];
        for (value, duration) in never_zero {
            if let Some(value) = value {
                if duration.is_zero() {
                    return Err(value.place.error("must not be zero"));
                }
            }
        }
        Ok(policy)
    }
}
