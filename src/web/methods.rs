//! Methods of a path. Any other method is answered with 405 and `Allow` (RFC 9110, section 15.5.6).

use super::problem::ApiError;
use poem::PathPattern;
use poem::http::{HeaderValue, Method, StatusCode, header};
use poem::{Endpoint, IntoEndpoint, IntoResponse, Request, Response, RouteMethod};
use poem_openapi::OpenApi;
use std::collections::HashMap;

/// Endpoints of one path, by method. HEAD is answered wherever GET is.
pub struct Methods {
    endpoints: RouteMethod,
    allowed: Vec<Method>,
}

/// Returns a path with GET.
pub fn get<E: IntoEndpoint<Endpoint: 'static>>(endpoint: E) -> Methods {
    Methods::new().method(Method::GET, endpoint)
}

/// Returns a path with POST.
pub fn post<E: IntoEndpoint<Endpoint: 'static>>(endpoint: E) -> Methods {
    Methods::new().method(Method::POST, endpoint)
}

impl Methods {
    fn new() -> Self {
        Self { endpoints: RouteMethod::new(), allowed: Vec::new() }
    }

    fn method<E: IntoEndpoint<Endpoint: 'static>>(mut self, method: Method, endpoint: E) -> Self {
        self.allowed.push(method.clone());
        Self { endpoints: self.endpoints.method(method, endpoint), ..self }
    }

    /// Adds POST.
    pub fn post<E: IntoEndpoint<Endpoint: 'static>>(self, endpoint: E) -> Self {
        self.method(Method::POST, endpoint)
    }

    /// Adds HEAD, by an endpoint that sees the method.
    pub fn head<E: IntoEndpoint<Endpoint: 'static>>(self, endpoint: E) -> Self {
        self.method(Method::HEAD, endpoint)
    }
}

impl Endpoint for Methods {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        if takes(&self.allowed, request.method()) {
            return self.endpoints.call(request).await;
        }
        Err(MethodNotAllowed { allow: allow_header(&self.allowed) }.into())
    }
}

/// Error: the path does not have this method.
#[derive(Debug, Clone, thiserror::Error)]
#[error("this address does not take that method")]
pub struct MethodNotAllowed {
    /// Methods of the path.
    pub allow: HeaderValue,
}

impl poem::error::ResponseError for MethodNotAllowed {
    fn status(&self) -> StatusCode {
        StatusCode::METHOD_NOT_ALLOWED
    }

    fn as_response(&self) -> Response {
        let text = format!("{self}\n").with_header(header::ALLOW, self.allow.clone());
        text.with_status(StatusCode::METHOD_NOT_ALLOWED).into_response()
    }
}

/// Adds `Allow` to the API's responses of status 405, from the specification.
pub struct ApiMethods<E> {
    endpoint: E,
    /// Methods by the [`shape`] of the path.
    allowed: HashMap<String, Vec<Method>>,
}

impl<E: Endpoint> ApiMethods<E> {
    /// Wraps the endpoints of `T`.
    pub fn new<T: OpenApi>(endpoint: E) -> Self {
        let mut allowed: HashMap<String, Vec<Method>> = HashMap::new();
        for path in T::meta().into_iter().flat_map(|api| api.paths) {
            let methods = path.operations.into_iter().map(|operation| operation.method);
            allowed.entry(shape(&path.path)).or_default().extend(methods);
        }
        Self { endpoint, allowed }
    }
}

impl<E: Endpoint> Endpoint for ApiMethods<E> {
    type Output = E::Output;

    async fn call(&self, request: Request) -> poem::Result<E::Output> {
        let error = match self.endpoint.call(request).await {
            Err(error) if error.status() == StatusCode::METHOD_NOT_ALLOWED => error,
            result => return result,
        };
        let pattern = error.data::<PathPattern>().cloned();
        let allowed = pattern.as_ref().and_then(|pattern| self.allowed.get(&shape(&pattern.0)));
        let allow = allow_header(allowed.map_or(&[], Vec::as_slice));
        let mut error = poem::Error::from(ApiError::method_not_allowed(allow));
        if let Some(pattern) = pattern {
            error.set_data(pattern);
        }
        Err(error)
    }
}

/// Returns the path with `:` for every parameter: the specification and the router name them differently.
fn shape(path: &str) -> String {
    let segments = path.split('/').map(|segment| if segment.starts_with([':', '{']) { ":" } else { segment });
    segments.collect::<Vec<_>>().join("/")
}

fn takes(allowed: &[Method], method: &Method) -> bool {
    allowed.contains(method) || (method == Method::HEAD && allowed.contains(&Method::GET))
}

/// Returns the value of `Allow`: `GET, HEAD, POST`
fn allow_header(allowed: &[Method]) -> HeaderValue {
    const KNOWN: [Method; 6] = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
    let taken: Vec<_> = KNOWN.iter().filter(|method| takes(allowed, method)).map(Method::as_str).collect();
    HeaderValue::try_from(taken.join(", ")).unwrap_or_else(|_| HeaderValue::from_static(""))
}
