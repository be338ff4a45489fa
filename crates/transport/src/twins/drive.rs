//! One step of a renewal. `Worker` has the methods `slices`, `run`, `sleep` and `send`.

/// The methods by which both transports carry out a step.
#[doc(hidden)]
#[macro_export]
macro_rules! drive_methods {
    ([$($async:tt)?] [$($await:tt)*]) => {
        impl Worker<'_> {
            /// Carries out a step and returns the next step. A renewal that is done stays done.
            $($async)? fn carry_out(&self, active: &ActiveRenewal, step: Step) -> Step {
                let clock = &active.shared().clock;
                match step {
                    Step::Load(load) => self.operate(active, load)$($await)*,
                    Step::Save(save) => self.operate(active, save)$($await)*,
                    Step::Watch(watch) => self.operate(active, watch)$($await)*,
                    Step::Spill(spill) => self.operate(active, spill)$($await)*,
                    Step::Forget(forget) => self.operate(active, forget)$($await)*,
                    Step::Send(sending, sent) => {
                        let answer = match check_start(sending.not_after, clock.now().instant) {
                            Ok(()) => self.exchange(clock, &sending.request, sending.deadline)$($await)*,
                            Err(late) => Err(late),
                        };
                        sent.resume(answer.unwrap_or_else(Answer::Failed), clock.now())
                    }
                    Step::Sleep(until, next) => {
                        self.sleep(clock, until)$($await)*;
                        next.resume(clock.now())
                    }
                    done @ Step::Done(..) => done,
                }
            }

            /// Runs one operation on the store, a watch in slices, and resumes with the reply.
            $($async)? fn operate<O: StoreOp>(&self, active: &ActiveRenewal, pending: Pending<O>) -> Step {
                let Pending { operation, deadline, next, .. } = pending;
                let (operation, clock) = (Arc::new(operation), &active.shared().clock);
                let mut slices = self.slices(active, deadline);
                loop {
                    let within = slices.within::<O>(clock.now().instant);
                    let reply = self.run(active, &operation, within)$($await)*;
                    if slices.end_with::<O>(&reply, clock.now().instant) {
                        return active.leave::<O>(next, reply);
                    }
                }
            }

            /// Sends one request under the rules of a token request.
            pub(crate) $($async)? fn exchange(
                &self,
                clock: &Clock,
                request: &HttpRequest,
                deadline: Instant,
            ) -> Result<Answer, TransportError> {
                check_url(request.url())?;
                let within = check_deadline(deadline.since(clock.now().instant))?;
                self.send(clock, request, within, deadline)$($await)*.map(acceptable)
            }
        }
    };
}
