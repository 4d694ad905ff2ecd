"""Clients of the Python package index as they are published, with the tokens of scripts, at the demo's API: atlassian-python-api with
Basic credentials, HTTPie with a bearer token. Neither is patched; each is pointed by its settings."""

import json
import os
import subprocess
import sys
import unittest
from pathlib import Path

import requests
from atlassian.assets import AssetsCloud

from assets_tunnel import AssetsTunnel
from demo import Demo


class Httpie:
    """The `http` command beside the interpreter that runs this, with nothing of whoever runs it."""

    def __init__(self, token, folder):
        self.token = token
        self.environment = {"PATH": os.environ["PATH"], "HTTPIE_CONFIG_DIR": str(folder)}

    def __call__(self, method, url, *items):
        """The status and the body of an answer."""
        command = [str(Path(sys.executable).parent / "http"), "--ignore-stdin", "--print=hb", "--pretty=none"]
        done = subprocess.run(
            [*command, "-A", "bearer", "-a", self.token, method, url, *items],
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        head, _, body = done.stdout.replace("\r\n", "\n").partition("\n\n")
        return int(head.split()[1]), json.loads(body) if body.strip() else None


class AScript(unittest.TestCase):
    def setUp(self):
        self.demo = Demo()
        self.addCleanup(self.demo.stop)
        self.tunnel = AssetsTunnel(self.demo.issuer, self.demo.api)
        self.addCleanup(self.tunnel.stop)

    def assets(self, email, token):
        """As its own documentation says; the workspace is asked at the site, everything else at api.atlassian.com."""
        tunnel, certificate = {"https": self.tunnel.origin}, str(self.tunnel.certificate)
        return AssetsCloud(
            url=self.demo.api, username=email, password=token, cloud=True, proxies=tunnel, verify_ssl=certificate
        )

    def httpie(self, token):
        return Httpie(token, self.tunnel.folder)

    def at(self, path):
        return f"{self.demo.api}/jsm/assets/workspace/{self.demo.workspace}/v1/{path}"

    def revoke(self):
        """Ends the person's token by the API for admins, which tells from where the API was called with it."""
        admin = (self.demo.admin_email, self.demo.admin_token)
        tokens = f"{self.demo.issuer}/users/{self.demo.account}/manage/api-tokens"
        [token] = requests.get(tokens, auth=admin).json()
        self.assertEqual(token["lastAccessFrom"], "127.0.0.1")
        self.assertEqual(requests.delete(f"{tokens}/{token['id']}", auth=admin).status_code, 204)

    def test_atlassian_python_api_reads_objects_with_basic_credentials_until_they_are_revoked(self):
        assets = self.assets(self.demo.email, self.demo.token)

        self.assertEqual(assets.get_object(87)["label"], "web-1")
        self.assertEqual(self.tunnel.asked, [f"GET /jsm/assets/workspace/{self.demo.workspace}/v1/object/87"])
        with self.assertRaises(requests.HTTPError) as refused:
            assets.list_object_schema()
        self.assertEqual(refused.exception.response.status_code, 403)

        self.revoke()
        with self.assertRaises(requests.HTTPError) as refused:
            assets.get_object(87)
        self.assertEqual(refused.exception.response.status_code, 401)

    def test_atlassian_python_api_finds_no_workspace_with_the_token_of_somebody_else(self):
        with self.assertRaises(requests.HTTPError) as refused:
            self.assets(self.demo.admin_email, self.demo.token)
        self.assertEqual(refused.exception.response.status_code, 401)

    def test_atlassian_python_api_runs_an_import_as_an_admin(self):
        assets = self.assets(self.demo.admin_email, self.demo.admin_token)
        source = self.demo.import_source

        self.assertEqual(assets.get_import_config_status(source), {"status": "MISSING_MAPPING"})
        assets.update_import_source_mapping(source, {"schema": {}, "mapping": {}})
        run = assets.create_import_execution(source)["links"]["cancel"].rsplit("/", 1)[1]
        self.assertEqual(assets.get_import_execution_status(source, run), {"status": "INGESTING"})
        assets.add_import_execution_data(source, run, {"data": {}, "clientGeneratedId": "1", "completed": True})
        self.assertEqual(assets.get_import_execution_status(source, run), {"status": "DONE"})

    def test_httpie_reads_objects_with_a_bearer_token_until_it_is_revoked(self):
        http = self.httpie(self.demo.token)

        status, body = http("GET", self.at("object/88"))
        self.assertEqual((status, body["label"]), (200, "web-2"))
        status, body = http("GET", self.at("objectschema/list"))
        self.assertEqual((status, body["layer"]), (403, 2))

        self.revoke()
        status, body = http("GET", self.at("object/88"))
        self.assertEqual((status, body["layer"]), (401, 1))

    def test_httpie_runs_an_import_with_the_container_token_that_atlassian_python_api_made(self):
        source = self.demo.import_source
        admin = self.assets(self.demo.admin_email, self.demo.admin_token)
        http = self.httpie(admin.create_import_token(source)["token"])

        status, body = http("GET", f"{self.demo.issuer}/jsm/assets/v1/imports/info")
        links = body["links"]
        self.assertEqual((status, links["start"]), (200, self.at(f"importsource/{source}/executions")))
        self.assertEqual(http("PUT", links["mapping"], "schema:={}")[0], 200)
        self.assertEqual(http("POST", links["start"])[1]["result"], "success")

        other = "00000000-0000-4000-8000-000000000000"
        elsewhere = links["getStatus"].replace(self.demo.workspace, other)
        # The site comes from the path: in a workspace that is none of the token's it is as good as unknown.
        refused = {links["getStatus"].replace(source, other): (403, 2), elsewhere: (401, 1), self.at("object/87"): (403, 2), self.at(f"importsource/{source}/schedule"): (403, 2)}
        for url, expected in refused.items():
            status, body = http("GET", url)
            self.assertEqual((status, body["layer"]), expected, url)

        successor = self.httpie(admin.create_import_token(source)["token"])
        self.assertEqual(http("GET", links["getStatus"])[0], 401)
        self.assertEqual(successor("GET", links["getStatus"])[1], {"status": "RUNNING"})


if __name__ == "__main__":
    unittest.main()
