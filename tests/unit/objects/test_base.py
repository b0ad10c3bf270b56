# SPDX-License-Identifier: Apache-2.0
"""What all objects share: the way they take, and what the wire does to them."""
import contextvars
import datetime
import inspect
import threading

import pytest
from oslo_serialization import jsonutils

from nova_lite import exception, objects
from nova_lite.objects import base, fields
from tests.fixtures import db

CLASSES = [cls for cls in vars(objects).values()
           if inspect.isclass(cls) and issubclass(cls, objects.NovaLiteObject)
           and cls is not objects.NovaLiteObject]


def over_the_wire(obj):
    serializer = base.NovaLiteObjectSerializer()
    text = jsonutils.dumps(serializer.serialize_entity(None, obj))
    return serializer.deserialize_entity(None, jsonutils.loads(text))


# -- the way ----------------------------------------------------------------------------------
def test_indirection_when_set_then_innermost_wins_and_the_default_returns():
    default, inner = object(), object()
    assert objects.Instance.indirection_api is None
    base.set_default_indirection(default)
    try:
        assert objects.Instance.indirection_api is default is objects.Instance().indirection_api
        with base.indirection(inner):
            assert objects.Migration.indirection_api is inner
            with base.indirection(None):
                assert objects.Instance.indirection_api is None
            assert base.NovaLiteObject.indirection_api is inner
        assert objects.Instance.indirection_api is default
    finally:
        base.set_default_indirection(None)
    assert objects.Instance.indirection_api is None


def test_indirection_when_another_thread_runs_then_it_has_its_own_way():
    seen = []
    with base.indirection(object()) as _:
        inside = contextvars.copy_context()
        for run in (lambda: seen.append(objects.Instance.indirection_api),
                    lambda: inside.run(lambda: seen.append(objects.Instance.indirection_api))):
            thread = threading.Thread(target=run)
            thread.start()
            thread.join()
        assert seen == [None, objects.Instance.indirection_api]


# -- fields -----------------------------------------------------------------------------------
def test_field_when_never_set_then_default_or_none_and_no_change():
    spec = objects.RequestSpec()
    assert (spec.force, spec.ignore_hosts, spec.requested_host) == (False, [], None)
    assert spec.obj_what_changed() == set()
    spec.ignore_hosts.append('h')
    assert objects.RequestSpec().ignore_hosts == []
    with pytest.raises(AttributeError, match='Instance.uuid is not set'):
        objects.Instance().uuid


def test_json_field_when_it_cannot_be_json_then_refused():
    with pytest.raises(ValueError):
        objects.Instance(metadata={'a': object()})


def test_json_field_when_changed_inside_then_it_counts_as_changed():
    instance = objects.Instance(metadata={'a': {'b': 1}}, system_metadata={})
    instance.obj_reset_changes()
    assert instance.obj_what_changed() == set()
    clone = instance.obj_clone()
    instance.metadata['a']['b'] = 2
    assert instance.obj_what_changed() == {'metadata'} and clone.obj_what_changed() == set()
    instance.obj_reset_changes(['system_metadata'])
    assert instance.obj_what_changed() == {'metadata'}
    clone.metadata['a']['b'] = 3
    assert clone.obj_what_changed() == over_the_wire(clone).obj_what_changed() == {'metadata'}
    arrived = over_the_wire(instance)
    arrived.obj_reset_changes()
    arrived.metadata.clear()
    assert arrived.obj_what_changed() == {'metadata'}


def test_datetime_when_it_travels_then_microseconds_and_utc_survive():
    plus2 = datetime.timezone(datetime.timedelta(hours=2))
    moment = datetime.datetime(2026, 5, 6, 7, 8, 9, 123456, plus2)
    instance = over_the_wire(objects.Instance(launched_at=moment))
    assert instance.launched_at == moment
    assert instance.launched_at.utcoffset() == datetime.timedelta(0)


# -- the wire ---------------------------------------------------------------------------------
SAMPLES = {
    fields.StringField: 'täxt', fields.IntegerField: 2 ** 40, fields.FloatField: 1.5,
    fields.BooleanField: True, fields.UUIDField: '11111111-0000-4000-8000-000000000000',
    fields.DateTimeField: datetime.datetime(2026, 1, 2, 3, 4, 5, 6, datetime.UTC),
    fields.JsonField: {'nova_object.name': 'not an object', 'list': [1, None, {'x': 'y'}]},
    fields.JsonListField: [1, None, {'x': 'y'}], fields.JsonTextField: '{"a": 1}',
    fields.JsonListTextField: '[1]',
    fields.ListOfStringsField: ['a', 'b'],
}


def sample(cls):
    """An object of the class with every field set to something."""
    obj = cls()
    for name, field in cls.fields.items():
        if isinstance(field, fields.ObjectField):
            value = sample(getattr(objects, field.objname))
        elif isinstance(field, fields.ListOfObjectsField):
            child = getattr(objects, field.objname)
            value = [sample(child), child()]
        else:
            value = SAMPLES[type(field)]
        setattr(obj, name, value)
    return obj


def comparable(primitive):
    """The same with its lists of changes, which come out of a set, in order."""
    if isinstance(primitive, list):
        return [comparable(item) for item in primitive]
    if isinstance(primitive, dict):
        return {key: sorted(value) if key == 'nova_object.changes' else comparable(value)
                for key, value in primitive.items()}
    return primitive


@pytest.mark.parametrize('cls', CLASSES, ids=lambda cls: cls.__name__)
def test_object_when_it_travels_then_it_arrives_whole(cls):
    for obj in (sample(cls), cls()):
        arrived = over_the_wire(obj)
        assert type(arrived) is cls
        assert comparable(arrived.obj_to_primitive()) == comparable(obj.obj_to_primitive())


def test_object_when_a_field_holds_a_primitive_then_it_stays_a_dict():
    data = objects.LibvirtLiveMigrateData(filename='probe').obj_to_primitive()
    migration = over_the_wire(objects.Migration(migrate_data=data))
    assert migration.migrate_data == data


def test_persistent_objects_when_compared_with_their_tables_then_fields_are_columns():
    from nova_lite.db import models
    for cls in CLASSES:
        if issubclass(cls, base.PersistentObject):
            assert set(cls.fields) - set(cls.WORKED_OUT) == set(
                models.TABLES[cls.TABLE].columns.keys()) - set(cls.OF_DATABASE), cls


def test_classes_when_exported_then_the_wire_knows_them_by_name():
    for cls in CLASSES:
        assert base.NovaLiteObject.obj_class_from_name(cls.__name__, cls.VERSION) is cls


def test_remotable_method_when_the_object_has_no_context_then_an_error_says_so(database):
    from oslo_versionedobjects import exception as ovo_exc
    with pytest.raises(ovo_exc.OrphanedObjectError):
        objects.Instance().create()


def test_remotable_method_when_it_fails_there_then_the_object_here_is_as_it_was(ctxt, database):
    instance = db.make_instance(ctxt)
    with base.indirection(db.WiredIndirection()):
        instance.task_state = 'pausing'
        with pytest.raises(exception.UnexpectedTaskStateError):
            instance.save(expected_task_state=None)
    assert (instance.task_state, instance.obj_what_changed()) == ('pausing', {'task_state'})


def test_wire_when_used_then_nothing_but_json_crosses_it(ctxt, database):
    with base.indirection(db.WiredIndirection()), pytest.raises(ValueError):
        objects.InstanceList.get_by_filters(ctxt, {'host': object()})
