//! The types of `wellspring-wire`.

use wellspring_core::{ClientSecret, HttpResponse, ResponseHead, UnixTime};
use wellspring_wire::{
    BasicEncoding, Body, BodyFault, Challenge, ClientCertificate, ErrorBody, ErrorShape, Form, Json,
    JwtTimes, LifetimeUnit, Meaning, Number, Object, Redaction, TokenFormat, TokenNames, challenges,
};

use super::core_types::grant;
use super::{ACCESS, REFRESH, SECRET, Shown, show};

pub(crate) fn show_all(shown: &mut Shown) {
    let json =
        format!(r#"{{"access_token":"{ACCESS}","nested":{{"list":["{REFRESH}"]}},"expires_in":3600}}"#);
    let object = || Object::parse(json.as_bytes()).unwrap();
    let head = ResponseHead::new(401).header("WWW-Authenticate", "Bearer error=\"invalid_token\"");
    let payload = "eyJpYXQiOjE2NjczODI2OTUsImV4cCI6MTY2NzQ2OTA5NX0";
    let redaction = || Redaction::new().secret(SECRET).grant(&grant());
    show!(shown:
        BasicEncoding = BasicEncoding::Form;
        Body = Body::of(&HttpResponse::new(ResponseHead::new(200), json.clone()));
        BodyFault = Object::parse(format!("{{{SECRET}").as_bytes()).unwrap_err();
        Challenge = challenges(&head).remove(0);
        ErrorBody = ErrorBody::own(Some(SECRET.into()), Some(ACCESS.into()));
        ErrorShape = ErrorShape::OAuth;
        Form = Form::new().pair("client_secret", SECRET).pair("refresh_token", REFRESH);
        Json = object().get("nested").unwrap().clone();
        Json = Json::Text(ACCESS.to_owned().into());
        JwtTimes = JwtTimes::of(&format!("{payload}.{payload}.x")).unwrap();
        LifetimeUnit = LifetimeUnit::Minutes;
        Meaning = Meaning::GrantRefused;
        Number = Number::Unsigned(1);
        Object = object();
        Redaction = redaction();
        ClientCertificate = ClientCertificate::of_pem("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----").unwrap();
        TokenFormat = TokenFormat::new().secret(SECRET);
        TokenNames = TokenNames::default();
    );
    // The redacted text contains no secret.
    let echoed = format!("you sent {SECRET} and {}", super::CODE);
    shown.add(&redaction().text(&echoed));
    shown.add(&redaction().snippet(echoed.as_bytes()));
    let _ = (ClientSecret::new(SECRET), UnixTime::EPOCH);
}
