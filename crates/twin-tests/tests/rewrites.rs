//! What a twin becomes in the blocking transport.

use wellspring_twin_tests::{blocking, blocking_test};

/// Carries a task out at once.
fn run<T>(task: impl FnOnce() -> T) -> T {
    task()
}

#[blocking]
async fn doubled(number: u32) -> Result<u32, String> {
    number.checked_mul(2).ok_or_else(|| "too large for .await".to_owned())
}

#[blocking_test(flavor = "multi_thread")]
async fn a_function_is_called_and_a_task_is_a_closure() {
    assert_eq!(doubled(2).await.unwrap(), 4);
    let text = "moved".to_owned();
    assert_eq!(run(async move { text.len() }), 5);
    assert_eq!(run(async { [doubled(3).await?].into_iter().max().ok_or_else(String::new) }), Ok(6));
    let closure = async |number| doubled(number).await;
    assert_eq!(closure(u32::MAX).await.unwrap_err(), "too large for .await");
}
