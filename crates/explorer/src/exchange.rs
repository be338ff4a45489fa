//! The answer to a request: served, lost, never sent, or arrived while its sender was stopped.

use std::rc::Rc;

use wellspring_core::{Answer, HttpResponse, Obstacle, ResponseHead, TransportError, TransportErrorKind};

use crate::action::StepOutcome;
use crate::invariants::Broken;
use crate::line::Mutation;
use crate::obstacles::text;
use crate::provider::ServerRequest;
use crate::world::{Scene, World};

/// A refusal of this status. The provider's words say what it means.
fn refusal(status: u16) -> Answer {
    Answer::Response(HttpResponse::new(ResponseHead::new(status), ""))
}

/// Nothing was sent. The text tells the obstacle.
fn unsent(obstacle: Obstacle) -> Answer {
    let lasts = matches!(
        obstacle,
        Obstacle::UntrustedServer
            | Obstacle::Settings
            | Obstacle::HandshakeRefused
            | Obstacle::CertificateRefused
    );
    let kind = if lasts { TransportErrorKind::Refused } else { TransportErrorKind::NotSent };
    Answer::Failed(TransportError::new(kind, text(obstacle)).because(obstacle))
}

impl World {
    /// The answer to a request, or how far the request came.
    pub(crate) fn exchange(
        &mut self,
        scene: &Scene,
        who: usize,
        time: u8,
        server_request: ServerRequest,
        how: StepOutcome,
    ) -> Result<Answer, Broken> {
        if how.leaves() {
            self.may_send(scene, who, server_request)?;
        }
        let silent = |kind| Answer::Failed(TransportError::new(kind, "no answer came"));
        Ok(match how {
            StepOutcome::Well => self.serve(scene, who, time, server_request)?.answer(),
            StepOutcome::Stopped if scene.line.mutated(Mutation::NothingReadAfterStop) => {
                self.serve(scene, who, time, server_request)?;
                silent(TransportErrorKind::Ambiguous)
            }
            StepOutcome::Stopped => self.serve(scene, who, time, server_request)?.answer(),
            StepOutcome::Unusable => self.serve(scene, who, time, server_request)?.unusable_answer(),
            StepOutcome::Unreadable => {
                let reply = self.serve(scene, who, time, server_request)?;
                if let ServerRequest::Refresh(name) = server_request {
                    let reader = (name, self.processes[who].owner());
                    Rc::make_mut(&mut self.history).unreadable.push(reader);
                }
                self.lose_what_was(reply);
                // Not even the status can be read.
                silent(TransportErrorKind::Unreadable)
            }
            StepOutcome::UnsentBecause(obstacle) => unsent(obstacle),
            StepOutcome::Lost => {
                let reply = self.serve(scene, who, time, server_request)?;
                self.lose_what_was(reply);
                silent(TransportErrorKind::Ambiguous)
            }
            StepOutcome::Straggling => {
                Rc::make_mut(&mut self.history).stragglers.push((who, time, server_request));
                silent(TransportErrorKind::Ambiguous)
            }
            StepOutcome::ClientRefused => {
                self.refuse_client(who)?;
                refusal(403)
            }
            StepOutcome::RequestRefused => {
                self.refuse_client(who)?;
                refusal(400)
            }
            StepOutcome::GatewayRefused => refusal(404),
            StepOutcome::Stray => silent(TransportErrorKind::Ambiguous),
            _ => silent(TransportErrorKind::NotSent),
        })
    }
}
