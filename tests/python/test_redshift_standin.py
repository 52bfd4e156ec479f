"""The Redshift that tests stand on: it refuses what Redshift refuses, and each test has its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from redshift_standin import (
    Redshift,
    RedshiftUnavailableError,
    connect,
    endpoint_settings,
    s3,
)
from warehouses import Warehouse


def test_a_test_gets_schemas_of_its_own_and_leaves_nothing(
    redshift: Redshift, tmp_path: Path
) -> None:
    environment = redshift.environment()
    warehouse = Warehouse("redshift", tmp_path, environment)
    schema = warehouse.schema("marts")
    with connect(environment) as connection, connection.cursor() as cursor:
        cursor.execute(f'create schema "{schema}"')
        cursor.execute(f'create table "{schema}".one (id bigint, name varchar(10))')
        cursor.execute(f'insert into "{schema}".one values (1, \'é, "x"\'), (2, null)')
        connection.commit()
    assert warehouse.tables("marts") == ["one"]
    assert warehouse.query(f'select id, name from "{schema}".one order by id') == [
        (1, 'é, "x"'),
        (2, None),
    ]
    redshift.drop(environment)
    assert warehouse.tables("marts") == []


def test_what_redshift_refuses_is_refused(
    redshift_environment: dict[str, str], tmp_path: Path
) -> None:
    warehouse = Warehouse("redshift", tmp_path, redshift_environment)
    with pytest.raises(Exception, match="generate_series"):
        warehouse.query("select * from generate_series(1, 3)")


def test_its_s3_takes_objects(redshift_environment: dict[str, str]) -> None:
    bucket = redshift_environment["CLICKSTAR_REDSHIFT_S3_PREFIX"].split("/")[2]
    s3(redshift_environment).Bucket(bucket).put_object(Key="test", Body=b"x")


def test_an_endpoint_without_a_place_for_files_is_told_in_a_sentence() -> None:
    with pytest.raises(RedshiftUnavailableError, match="CLICKSTAR_REDSHIFT_S3_PREFIX is not"):
        endpoint_settings({"CLICKSTAR_REDSHIFT_HOST": "a-cluster"})
    assert endpoint_settings({}) == {}
