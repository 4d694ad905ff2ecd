"""A person with a browser that has cookies and forms and no script."""

from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import requests

MAX_HOPS = 10


class Forms(HTMLParser):
    """The forms of a page, and where it takes the person by itself."""

    def __init__(self, html):
        super().__init__()
        self.forms = []
        self.refresh = None
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag == "form":
            self.forms.append((attributes, []))
        elif tag in ("input", "button") and self.forms:
            self.forms[-1][1].append((tag, attributes))
        elif tag == "meta" and (attributes.get("http-equiv") or "").lower() == "refresh":
            self.refresh = attributes["content"].split("url=", 1)[1]

    def with_control(self, name):
        return next((form for form in self.forms if any(a.get("name") == name for _, a in form[1])), None)


class Person:
    def __init__(self, origin, email, password):
        self.origin, self.email, self.password = origin, email, password
        self.session = requests.Session()

    def decide(self, url, decision="allow"):
        """Opens an authorization request, signs in where asked, decides, and gives the URL that the app is sent to."""
        at, page = self._visit(url)
        if page and page.with_control("password"):
            at, page = self._submit(at, page, "password", {"email": self.email, "password": self.password})
        if page is None:
            return at
        at, page = self._submit(at, page, "decision", {"decision": decision})
        return at if page is None else page.refresh

    def _submit(self, at, page, control, typed):
        form = page.with_control(control)
        if form is None:
            raise AssertionError(f"no form with {control} at {at}")
        attributes, controls = form
        hidden = {a["name"]: a.get("value", "") for tag, a in controls if tag == "input" and a.get("type") == "hidden"}
        headers = {"Origin": self.origin, "Sec-Fetch-Site": "same-origin"}
        return self._visit(urljoin(at, attributes.get("action", "")), data={**hidden, **typed}, headers=headers)

    def _visit(self, url, **form):
        """Follows redirects to a page of the server, or to the URL of another origin, which is not fetched."""
        for _ in range(MAX_HOPS):
            if "{0.scheme}://{0.netloc}".format(urlsplit(url)) != self.origin:
                return url, None
            answer = self.session.request("POST" if form else "GET", url, allow_redirects=False, **form)
            if "Location" not in answer.headers:
                return url, Forms(answer.text)
            url, form = urljoin(url, answer.headers["Location"]), {}
        raise AssertionError(f"more than {MAX_HOPS} redirects, last to {url}")
